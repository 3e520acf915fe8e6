"""What a search reads of a scope that is too large to be read whole (design.md §4).

A project above `EXACT_LIMIT` has indexes of its own, which `manage.py maintain` builds, and statistics that it
refreshes. In a scope above the limit, candidates are the nearest by the index of vectors, those that hold a rare term
of the query by the index of terms, those that support an attribute that is asked for, and what is beside the nearest
in a conversation; and the farthest one, since the order is by the range of cosines in the scope. Of each candidate all
legs are exact, only the weights of terms are those of the whole project, the weights of clues those among the
candidates, and the context is of neighbours that are candidates too. So scores compare with those of smaller scopes.
A clue alone makes no candidate: a time that a question names is weighed among what its words and its meaning find.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, combinations
from typing import cast
from uuid import UUID

from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.db.models import BooleanField, FloatField, QuerySet
from django.db.models.expressions import RawSQL

from loci.tenancy.context import current_project_id, current_tenant
from memories.embedding.base import Vectors
from memories.models import Memory, SearchIndex, TermStatistic
from memories.retrieval import analyzer
from memories.retrieval.query import Query
from memories.retrieval.scanning import Scan, literal, read

KNOWN_S = 10
"""Each process reads which projects have indexes at most this often."""
MEASURED_S = 60
"""How long a process remembers how large a scope is."""

NEAREST = 100
"""Candidates by the vector, at the least; more where more hits are wanted."""
HOLDING = 1_000
"""Candidates by their terms, as far as the statistics tell."""
TOGETHER = 4
"""How much more often than by chance two terms of a query are taken to be in one memory."""
MOST_PAIRED = 12
"""Terms of a query, the rarest, that are looked for in pairs too."""
AT_MOST = 4
"""Times `HOLDING` that are read when the statistics are behind."""
VISITED = 20_000
"""Vectors that an index scan visits before it gives up, at the least; more where the project is much larger."""
SEARCHED, MOST_SEARCHED = 200, 1_000
"""Vectors that an index scan compares before it gives out the nearest of them: the usual number, and the highest."""

UNKNOWN = 5
"""In how many memories a term is taken to be that the statistics do not have, because it is in few."""

_BESIDE = "SELECT {} FROM nearest ORDER BY semantic DESC NULLS LAST LIMIT 50"
"""Whose neighbours in a conversation are candidates."""

_LEXEME = re.compile(r"'((?:[^']|'')*)'")


@dataclass(frozen=True)
class Index:
    """The indexes of a project: of which vectors, and how many memories there were when they were last looked after."""

    embedding_model: str
    dimensions: int
    memories: int


@dataclass(frozen=True)
class Large:
    """A scope above the limit in a project with indexes.

    `mean_length` is that of its first memories, in terms; `documents` says how many of the project hold each term.
    """

    index: Index
    mean_length: float
    documents: Sequence[int]


def large(scope: QuerySet[Memory], query: Query) -> Large | None:
    """Returns what is known of a scope that is to be searched by indexes, and None for one that is read whole.

    No statement in a project without indexes; in others one for the scope, each time that it was not measured for a
    while, and where it is large one for the terms.
    """
    index = _index(query)
    if index is None:
        return None
    mean_length = _mean_length_if_large(scope)
    return None if mean_length is None else Large(index, mean_length, _documents(query))


def _mean_length_if_large(scope: QuerySet[Memory]) -> float | None:
    """Returns the mean length in terms of the scope's first memories; None where it has no more than `EXACT_LIMIT`.

    Measured at most once in `MEASURED_S` in each process. It decides how a search is done, never what it may find.
    """
    limit = settings.EXACT_LIMIT
    counted, params = scope.order_by().values("term_count")[: limit + 1].query.sql_with_params()
    key = "scope:" + hashlib.sha256(f"{current_tenant()} {counted} {params}".encode()).hexdigest()
    kept = caches["process"].get(key)
    if kept is None:
        statement = f"SELECT count(*), avg(term_count)::float8 FROM ({counted}) AS counted"  # noqa: S608 - Django's SQL
        with connection.cursor() as cursor:
            cursor.execute(statement, params)
            kept = cursor.fetchone()
        caches["process"].set(key, kept, MEASURED_S)
    size, mean_length = cast("tuple[int, float]", kept)
    return mean_length if size > limit else None


def _documents(query: Query) -> list[int]:
    """Returns in how many memories of the project each term of the query is."""
    of_terms = [_lexemes(analyzer.tsquery_literal(term)) for term in analyzer.query_terms(query.text)]
    lexemes = {lexeme for lexemes, _ in of_terms for lexeme in lexemes}
    known = dict(TermStatistic.objects.filter(term__in=lexemes).values_list("term", "documents"))
    return [how(known.get(lexeme, UNKNOWN) for lexeme in lexemes) for lexemes, how in of_terms]


def candidates(scope: QuerySet[Memory], query: Query, of: Large, limit: int) -> Scan:
    """Returns the scan of those memories of a large scope that may be among the best `limit`; at least as many.

    It reads `named`, those that support an attribute asked for. Where the index of vectors finds too few in the scope,
    as when all that is near is outside of it, the scope is read whole.
    """
    scope, wanted = scope.order_by(), _wanted(limit)
    nearest = _nearest(scope, query, of.index)[:wanted]
    others = [
        *_farthest(scope, query, of.index),
        scope.filter(id__in=RawSQL("SELECT id FROM named", [])),
        scope.filter(id__in=RawSQL(_BESIDE.format("follows"), [])),  # noqa: S611 - no input in it
        scope.filter(follows__in=RawSQL(_BESIDE.format("id"), [])),  # noqa: S611 - as above
        scope.filter(RawSQL("(SELECT count(*) FROM nearest) < %s", [wanted], BooleanField())),
    ]
    if telling := _telling(query, of):
        holding = RawSQL("memory.terms @@ %s::tsquery", [" | ".join(telling)], BooleanField())
        others.append(scope.filter(holding)[: AT_MOST * HOLDING])
    first, *rest = [read(each, query).query.sql_with_params() for each in (nearest, *others)]
    united = " UNION ".join(f"({sql})" for sql, _ in [("SELECT * FROM nearest", ()), *rest])
    params = [param for _, of_each in (first, *rest) for param in of_each]
    return f"WITH nearest AS MATERIALIZED ({first[0]}) {united}", params


@contextmanager
def searching_by_index(index: Index, limit: int) -> Iterator[None]:
    """Lets index scans in it go on until they have found enough for `limit` hits in a large scope.

    A planner that takes the scope for smaller than it is, because it knows nothing of policies, would rather sort it.
    """
    share = min(1.0, _wanted(limit) / max(1, settings.EXACT_LIMIT))
    visited = max(VISITED, AT_MOST * int(share * index.memories))
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL enable_sort = off; SET LOCAL hnsw.iterative_scan = relaxed_order;"
            f"SET LOCAL hnsw.ef_search = {min(max(SEARCHED, _wanted(limit)), MOST_SEARCHED)};"
            f"SET LOCAL hnsw.max_scan_tuples = {visited}; SET LOCAL hnsw.scan_mem_multiplier = {AT_MOST}"
        )
        yield
        cursor.execute("SET LOCAL enable_sort = on")


def _wanted(limit: int) -> int:
    return max(NEAREST, 2 * limit)


def _nearest(scope: QuerySet[Memory], query: Query, index: Index) -> QuerySet[Memory]:
    """Nearest first; without a vector the newest, so that there are as many."""
    if query.vector is None:
        return scope.order_by("-created_at")
    return _by_distance(scope, query.vector, index)


def _farthest(scope: QuerySet[Memory], query: Query, index: Index) -> list[QuerySet[Memory]]:
    """What is nearest to the opposite of a unit vector is farthest from it."""
    return [] if query.vector is None else [_by_distance(scope, -query.vector, index)[:1]]


def _by_distance(scope: QuerySet[Memory], vector: Vectors, index: Index) -> QuerySet[Memory]:
    """Written as the index's own expression is, or it does not serve."""
    kind = f"halfvec({index.dimensions})"
    distance = RawSQL(f"(memory.embedding::{kind}) <=> %s::{kind}", [literal(vector)], FloatField())  # noqa: S611
    return scope.filter(embedding_model=index.embedding_model).order_by(distance)


def _telling(query: Query, of: Large) -> list[str]:
    """Returns tsqueries for what tells most of the query: its rarest terms and pairs of terms.

    They are so many that some `HOLDING` memories match one. Pairs matter where no term is rare: a memory with two of a
    question's common words is better than one with any of them.
    """
    literals = map(analyzer.tsquery_literal, analyzer.query_terms(query.text))
    terms = sorted(zip(of.documents, literals, strict=True))[:MOST_PAIRED]
    single = [(documents, (term,)) for documents, term in terms]
    pairs = [
        (TOGETHER * first * second // of.index.memories, (one, other))
        for (first, one), (second, other) in combinations(terms, 2)
    ]
    by_rarity = sorted([*single, *pairs])
    matched = accumulate(documents for documents, _ in by_rarity)
    chosen = [clause for total, (_, clause) in zip(matched, by_rarity, strict=True) if total <= HOLDING]
    if query.vector is None:  # Nothing else then finds what holds a common word.
        chosen = list(dict.fromkeys([*(clause for _, clause in single[:1]), *chosen]))
    alone = {clause for clause in chosen if len(clause) == 1}
    return [" & ".join(f"({term})" for term in clause) for clause in chosen if not _says_more(clause, alone)]


def _says_more(clause: tuple[str, ...], alone: Collection[tuple[str, ...]]) -> bool:
    """Tells of a pair whether one of its terms is looked for by itself."""
    return len(clause) > 1 and any((term,) in alone for term in clause)


def _index(query: Query) -> Index | None:
    known = cast("dict[UUID, Index]", caches["process"].get_or_set("search_indexes", _indexes, KNOWN_S))
    index = known.get(current_project_id())
    return index if index and (query.vector is None or index.embedding_model == query.model) else None


def _indexes() -> dict[UUID, Index]:
    rows = SearchIndex.objects.filter(ready=True)
    columns = ("project_id", "embedding_model", "dimensions", "memories")
    return {project: Index(*of_project) for project, *of_project in rows.values_list(*columns)}


def _lexemes(literal: str) -> tuple[list[str], Callable[..., int]]:
    """Returns the lexemes of a tsquery, and how the number of memories that match it comes from theirs.

    A phrase is in no more memories than its rarest word. The stems of one word are mostly in the same ones.
    """
    lexemes = [_plain(lexeme) for lexeme in _LEXEME.findall(literal)]
    return lexemes, min if "<->" in literal else max


def _plain(lexeme: str) -> str:
    return lexeme.replace("''", "'").replace("\\\\", "\\")
