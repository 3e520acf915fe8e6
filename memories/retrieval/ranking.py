"""Which memories of a scope answer a query, in one SQL statement (design.md §4).

Two legs read the scope in one scan: **dense** (cosine with the query's vector) and **lexical** (BM25 with the scope's
own statistics; a term counts once per memory). Each is normalized over the scope. The third, **attribute**, knows which
memories support an attribute that is asked for. The weighted sum of all gives the order. The absolute score is a fixed
logistic of the raw legs, so that it compares between queries.

What memories said at another time is ranked by the same statement, which then reads the texts of that time.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, TypeAlias

from django.db.models import FloatField, IntegerField, QuerySet, UUIDField
from django.db.models.expressions import RawSQL

from loci.tenancy.context import current_project_id
from memories.embedding.base import Vectors
from memories.models import Memory, Revision
from memories.past import Interval, as_it_was
from memories.retrieval import analyzer
from memories.retrieval.attributes import named_by
from memories.text import FOUND_BY

DENSE_WEIGHT, LEXICAL_WEIGHT, ATTRIBUTE_WEIGHT = 0.4, 0.6, 1.1
"""How much each leg counts in the order. An attribute counts like the best match of words."""

INTERCEPT, SEMANTIC, COVERAGE = -3.2, 8.0, 3.0
"""The logistic of the absolute score: of the cosine, and of how much of the query's information a memory holds. Who
supports an attribute that is asked for holds as much as is named of it."""

BM25_K1, BM25_B = 2.0, 0.9
"""Fitted with the weights on half of the development questions (tests/bench/sessions.py), checked on the other."""


@dataclass(frozen=True)
class Query:
    """What is looked for. `vector` is None when the embedder is down: the other legs then answer without it.

    `entities` (`user:alex`) are those whose attributes the query may ask for.
    """

    text: str
    vector: Vectors | None
    model: str
    entities: Collection[str] = ()


@dataclass(frozen=True)
class Hit:
    """A memory that answers a query.

    `score` is what the wire shows: sorted, between 0 and 1. `absolute` is the memory's own score, `semantic` its cosine
    and `lexical` its BM25 score as a share of the query's information; None where a leg could not be asked. `attribute`
    is how much of an attribute that it supports the query names, None where it names none. `interval` is when the
    memory said this, where another time was asked about.
    """

    memory: Memory
    score: float
    absolute: float
    semantic: float | None
    lexical: float
    attribute: float | None = None
    interval: Interval | None = None


@dataclass(frozen=True)
class _Texts:
    """Whose texts are ranked, in SQL: a column that they are found by, a scanned row's memory, and what is shown."""

    found_by: str
    memory: str
    shown: str = ""


_NOW = _Texts(found_by="memory.{}", memory="JOIN memory ON memory.project_id = %s AND memory.id = best.id")
_THEN = _Texts(
    found_by="CASE WHEN revision.terms IS NULL THEN memory.{0} ELSE revision.{0} END",
    memory="JOIN revision ON revision.project_id = %s AND revision.id = best.id"
    " JOIN memory ON memory.project_id = revision.project_id AND memory.id = revision.memory_id",
    shown=", revision.text AS said_text, revision.trust AS vouched_by, revision.valid_from, revision.valid_to",
)


_Scan: TypeAlias = tuple[str, Sequence[Any]]
"""The SQL of a scan, and its parameters."""
OF_SCANNED = RawSQL("memory.id", [], UUIDField())
"""The memory that a scan is at."""


def rank(scope: QuerySet[Memory], query: Query, *, limit: int, threshold: float = 0.0) -> list[Hit]:
    """Returns the best `limit` memories of `scope` whose absolute score reaches `threshold`, best first.

    Runs inside the caller's `tenant_tx`, as one statement.
    """
    return _hits(_best(_scan(scope, _columns(_NOW, query)), _NOW, query, limit, threshold))


def rank_then(
    scope: QuerySet[Memory], said: QuerySet[Revision], query: Query, *, limit: int, threshold: float = 0.0
) -> list[Hit]:
    """Returns as `rank` does the best memories, by what they said at a time, and as they were then.

    `scope` is what `memories.past.known` returns, and `said` what `memories.past.said_by` does of `OF_SCANNED`.
    """
    columns = _columns(_THEN, query)
    rows = _best(_scan_then(scope, said, columns), _THEN, query, limit, threshold)
    as_they_were = [as_it_was(row) for row in rows]
    return [replace(hit, interval=interval) for hit, (_, interval) in zip(_hits(rows), as_they_were, strict=True)]


def _best(scan: _Scan, texts: _Texts, query: Query, limit: int, threshold: float) -> list[Any]:
    (scanned, of_scan), (named, of_named) = scan, named_by(query.text, query.entities)
    statement = _statement(scanned, named, texts, len(analyzer.query_terms(query.text)))
    return list(Memory.objects.raw(statement, [*of_scan, *of_named, threshold, limit, current_project_id()]))


def _hits(rows: Sequence[Any]) -> list[Hit]:
    """A hit's score is the best absolute score from the last hit up to itself, so that the list is sorted by it."""
    scores = list(accumulate((row.absolute for row in reversed(rows)), max))[::-1]
    return [
        Hit(row, score, absolute=row.absolute, semantic=row.semantic, lexical=row.coverage, attribute=row.share)
        for row, score in zip(rows, scores, strict=True)
    ]


def _statement(scan: str, named: str, texts: _Texts, terms: int) -> str:
    return STATEMENT.format(
        scan=scan,
        named=named,
        weights="".join(f", {_idf(number)} AS w{number}" for number in range(terms)),
        matched=" + ".join(f"t{number} * w{number}" for number in range(terms)) or "0",
        information=" + ".join(f"w{number}" for number in range(terms)) or "1",
        memory=texts.memory,
        shown=texts.shown,
    )


def _columns(texts: _Texts, query: Query) -> dict[str, RawSQL]:
    """What a scan tells of each text: its cosine, its length, and for each term whether the text holds it."""
    holds = f"(({texts.found_by.format('terms')}) @@ %s::tsquery)::int"
    return {
        "semantic": cosine(query, texts),
        "length": _sql(texts.found_by.format("term_count"), [], IntegerField()),
        **{
            f"t{number}": _sql(holds, [analyzer.tsquery_literal(term)], IntegerField())
            for number, term in enumerate(analyzer.query_terms(query.text))
        },
    }


def _scan(scope: QuerySet[Memory], columns: Mapping[str, RawSQL]) -> _Scan:
    """One row per memory of the scope."""
    return scope.order_by().annotate(**columns).values("id", *columns).query.sql_with_params()


def _scan_then(scope: QuerySet[Memory], said: QuerySet[Revision], columns: Mapping[str, RawSQL]) -> _Scan:
    """One row per revision that a memory of the scope said; what was replaced before vectors were kept is left out."""
    memories, of_memories = scope.order_by().values("id", "text", *FOUND_BY).query.sql_with_params()
    revisions, of_revisions = said.values("id", "text", *FOUND_BY)[:1].query.sql_with_params()
    written = ", ".join(f"({column.sql}) AS {name}" for name, column in columns.items())
    scan = f"""
        SELECT revision.id, {written}
        FROM ({memories}) AS memory CROSS JOIN LATERAL ({revisions}) AS revision
        WHERE revision.terms IS NOT NULL OR revision.text = memory.text
    """  # noqa: S608 - as below
    return scan, [*(param for column in columns.values() for param in column.params), *of_memories, *of_revisions]


def cosine(query: Query, texts: _Texts = _NOW) -> RawSQL:
    """Returns the SQL of a memory's cosine with the query.

    NULL for a vector of another model: such a memory has no dense leg until it is embedded anew.
    """
    if query.vector is None:
        return _sql("NULL::float8", [], FloatField())
    literal = "[" + ",".join(f"{number:.6g}" for number in query.vector) + "]"
    model, embedding = texts.found_by.format("embedding_model"), texts.found_by.format("embedding")
    compared = f"CASE WHEN ({model}) = %s THEN 1 - (({embedding}) <=> %s::halfvec) END"
    return _sql(compared, [query.model, literal], FloatField())


def _sql(written: str, params: list[Any], kind: "FloatField[Any, Any] | IntegerField[Any, Any]") -> RawSQL:
    return RawSQL(written, params, kind)  # noqa: S611 - only constants of this module are written into the text


def _idf(number: int) -> str:
    return f"ln(1 + (count(*) - sum(t{number}) + 0.5)::float8 / (sum(t{number}) + 0.5)::float8)"


_LENGTH = f"(1 + {BM25_K1} * ({1 - BM25_B} + {BM25_B} * length::float8 / greatest(average, 1)))"

# Materialized: else a planner without statistics computes the totals anew for every row.
STATEMENT = f"""
    WITH scanned AS MATERIALIZED ({{scan}}),
    named AS MATERIALIZED ({{named}}),
    totals AS MATERIALIZED (SELECT avg(length)::float8 AS average {{weights}} FROM scanned),
    legs AS (
        SELECT id, semantic, share, ({{matched}}) * {BM25_K1 + 1} / {_LENGTH} / ({{information}}) AS coverage
        FROM scanned CROSS JOIN totals LEFT JOIN named USING (id)
    ),
    scored AS (
        SELECT id, semantic, coverage, share,
               1 / (1 + exp(-({INTERCEPT} + {SEMANTIC} * coalesce(semantic, 0)
                   + {COVERAGE} * greatest(coverage, share)))) AS absolute,
               {DENSE_WEIGHT} * coalesce((semantic - min(semantic) OVER ())
                   / nullif(max(semantic) OVER () - min(semantic) OVER (), 0), 0)
               + {LEXICAL_WEIGHT} * coalesce(coverage / nullif(max(coverage) OVER (), 0), 0)
               + {ATTRIBUTE_WEIGHT} * coalesce(share, 0) AS fused
        FROM legs
    ),
    best AS (
        SELECT * FROM scored WHERE absolute >= %s ORDER BY fused DESC, absolute DESC, id LIMIT %s
    )
    SELECT memory.id, memory.project_id, memory.text, memory.hash, memory.metadata, memory.categories,
           memory.user_id, memory.agent_id, memory.app_id, memory.run_id, memory.state, memory.immutable,
           memory.expires_on, memory.replaced_by_id, memory.version, memory.created_at, memory.updated_at,
           memory.event_time, memory.lifetime, memory.importance, memory.topics, memory.relations, memory.trust,
           memory.flags,
           best.semantic, best.coverage, best.share, best.absolute {{shown}}
    FROM best {{memory}}
    ORDER BY best.fused DESC, best.absolute DESC, best.id
"""  # noqa: S608 - only constants of this module are written into the text; all else is bound
