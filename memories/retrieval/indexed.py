"""What a search reads of a scope that is too large to be read whole (design.md §4).

A project above `EXACT_LIMIT` has indexes of its own, which `manage.py maintain` builds, and statistics that it
refreshes. In a scope above the limit, candidates are the nearest by the index of vectors, those that hold a rare term
of the query by the index of terms, and those that support an attribute that is asked for. Of each candidate all legs
are exact, only the weights of terms are those of the whole project. So scores compare with those of smaller scopes.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import cast
from uuid import UUID

from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.db.models import BooleanField, FloatField, QuerySet
from django.db.models.expressions import RawSQL

from loci.tenancy.context import current_project_id
from memories.models import Memory, SearchIndex
from memories.retrieval import analyzer
from memories.retrieval.query import Query
from memories.retrieval.scanning import Scan, literal, read

KNOWN_S = 10
"""Each process reads which projects have indexes at most this often."""

NEAREST = 200
"""Candidates by the vector, at the least; more where more hits are wanted."""
HOLDING = 1_000
"""Candidates by their terms, as far as the statistics tell: the rarest terms that together are in no more."""
AT_MOST = 4
"""Times `HOLDING` that are read when the statistics are behind."""
MOST_SEARCHED = 1_000
"""The most that `hnsw.ef_search` takes."""

UNKNOWN = 5
"""In how many memories a term is taken to be that the statistics do not have, because it is in few."""

_LEXEME = re.compile(r"'((?:[^']|'')*)'")


@dataclass(frozen=True)
class Index:
    """The indexes of a project: of which vectors, and how much there was when they were last looked after."""

    embedding_model: str
    dimensions: int
    memories: int
    mean_length: float


@dataclass(frozen=True)
class Large:
    """A scope above the limit in a project with indexes; `documents` has each term's number of memories there."""

    index: Index
    documents: Sequence[int]


def large(scope: QuerySet[Memory], query: Query) -> Large | None:
    """Returns what is known of a scope that is to be searched by indexes, and None for one that is read whole.

    One statement in a project that has indexes, and none elsewhere.
    """
    index = _index(query)
    if index is None:
        return None
    of_terms = [_lexemes(analyzer.tsquery_literal(term)) for term in analyzer.query_terms(query.text)]
    counted, of_counted = scope.order_by().values("id")[: settings.EXACT_LIMIT + 1].query.sql_with_params()
    statement = f"""
        SELECT (SELECT count(*) FROM ({counted}) AS counted),
               (SELECT json_object_agg(term, documents) FROM term_statistic WHERE project_id = %s AND term = ANY(%s))
    """  # noqa: S608 - SQL of Django's
    lexemes = sorted({lexeme for lexemes, _ in of_terms for lexeme in lexemes})
    with connection.cursor() as cursor:
        cursor.execute(statement, [*of_counted, current_project_id(), lexemes])
        size, known = cast("tuple[int, Mapping[str, int] | None]", cursor.fetchone())
    if size <= settings.EXACT_LIMIT:
        return None
    found = known or {}
    return Large(index, [how(found.get(lexeme, UNKNOWN) for lexeme in lexemes) for lexemes, how in of_terms])


def candidates(scope: QuerySet[Memory], query: Query, of: Large, limit: int) -> Scan:
    """Returns the scan of those memories of a large scope that may be among the best `limit`; at least as many.

    It reads `named`, those that support an attribute asked for. Where the index of vectors finds too few in the scope,
    as when its other memories are all nearer, the scope is read whole.
    """
    scope, wanted = scope.order_by(), _wanted(limit)
    nearest = read(_nearest(scope, query, of.index)[:wanted], query)
    others = [
        read(scope.filter(id__in=RawSQL("SELECT id FROM named", [])), query),
        read(scope.filter(RawSQL("(SELECT count(*) FROM nearest) < %s", [wanted], BooleanField())), query),
    ]
    if rare := _rare(query, of.documents):
        holding = RawSQL("memory.terms @@ %s::tsquery", [" | ".join(rare)], BooleanField())
        others.append(read(scope.filter(holding)[: AT_MOST * HOLDING], query))
    first, *rest = [each.query.sql_with_params() for each in (nearest, *others)]
    united = " UNION ".join(f"({sql})" for sql, _ in [("SELECT * FROM nearest", ()), *rest])
    params = [param for _, of_each in (first, *rest) for param in of_each]
    return f"WITH nearest AS MATERIALIZED ({first[0]}) {united}", params


def search_by_index(index: Index, limit: int) -> None:
    """Lets the index scans of this transaction go on until they have found enough for `limit` hits in a large scope."""
    wanted = _wanted(limit)
    visited = max(20_000, AT_MOST * wanted * index.memories // settings.EXACT_LIMIT)
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL hnsw.iterative_scan = relaxed_order; SET LOCAL hnsw.scan_mem_multiplier = 4;"
            f"SET LOCAL hnsw.ef_search = {min(wanted, MOST_SEARCHED)}; SET LOCAL hnsw.max_scan_tuples = {visited}"
        )


def _wanted(limit: int) -> int:
    return max(NEAREST, 2 * limit)


def _nearest(scope: QuerySet[Memory], query: Query, index: Index) -> QuerySet[Memory]:
    """Nearest first by the index's own expression; without a vector the newest, so that there are as many."""
    if query.vector is None:
        return scope.order_by("-created_at")
    distance = f"(memory.embedding::halfvec({index.dimensions})) <=> %s::halfvec({index.dimensions})"
    by_vector = RawSQL(distance, [literal(query.vector)], FloatField())  # noqa: S611 - a number is written into it
    return scope.filter(embedding_model=index.embedding_model).order_by(by_vector)


def _rare(query: Query, documents: Sequence[int]) -> list[str]:
    """Returns the literals of the query's rarest terms, so many that no more than `HOLDING` memories hold one."""
    literals = map(analyzer.tsquery_literal, analyzer.query_terms(query.text))
    by_rarity = sorted(zip(documents, literals, strict=True))
    held = accumulate(number for number, _ in by_rarity)
    return [f"({term})" for total, (_, term) in zip(held, by_rarity, strict=True) if total <= HOLDING]


def _index(query: Query) -> Index | None:
    known = cast("dict[UUID, Index]", caches["process"].get_or_set("search_indexes", _indexes, KNOWN_S))
    index = known.get(current_project_id())
    return index if index and (query.vector is None or index.embedding_model == query.model) else None


def _indexes() -> dict[UUID, Index]:
    rows = SearchIndex.objects.filter(ready=True)
    columns = ("project_id", "embedding_model", "dimensions", "memories", "mean_length")
    return {project: Index(*of_project) for project, *of_project in rows.values_list(*columns)}


def _lexemes(literal: str) -> tuple[list[str], Callable[..., int]]:
    """Returns the lexemes of a tsquery, and how the number of memories that match it comes from theirs.

    A phrase is in no more memories than its rarest word. The stems of one word are mostly in the same ones.
    """
    lexemes = [_plain(lexeme) for lexeme in _LEXEME.findall(literal)]
    return lexemes, min if "<->" in literal else max


def _plain(lexeme: str) -> str:
    return lexeme.replace("''", "'").replace("\\\\", "\\")
