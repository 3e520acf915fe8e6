"""Which memories of a scope answer a query, in one SQL statement (design.md §4).

Two legs read the scope in one scan: **dense** (cosine with the query's vector) and **lexical** (BM25 with the scope's
own statistics; a term counts once per memory). Each is normalized over the scope, and their weighted sum gives the
order. The absolute score is a fixed logistic of the raw legs, so that it compares between queries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from django.db.models import FloatField, IntegerField, QuerySet
from django.db.models.expressions import RawSQL

from loci.tenancy.context import current_project_id
from memories.embedding.base import Vectors
from memories.models import Memory
from memories.retrieval import analyzer

DENSE_WEIGHT, LEXICAL_WEIGHT = 0.4, 0.6
"""How much each normalized leg counts in the order."""

INTERCEPT, SEMANTIC, COVERAGE = -3.2, 8.0, 3.0
"""The logistic of the absolute score: of the cosine, and of how much of the query's information a memory holds."""

BM25_K1, BM25_B = 2.0, 0.9
"""Fitted with the weights on half of the development questions (tests/bench/sessions.py), checked on the other."""


@dataclass(frozen=True)
class Query:
    """What is looked for. `vector` is None when the embedder is down: the lexical leg then answers alone."""

    text: str
    vector: Vectors | None
    model: str


@dataclass(frozen=True)
class Hit:
    """A memory that answers a query.

    `score` is what the wire shows: sorted, between 0 and 1. `absolute` is the memory's own score, `semantic` its cosine
    and `lexical` its BM25 score as a share of the query's information; None where a leg could not be asked.
    """

    memory: Memory
    score: float
    absolute: float
    semantic: float | None
    lexical: float


def rank(scope: QuerySet[Memory], query: Query, *, limit: int, threshold: float = 0.0) -> list[Hit]:
    """Returns the best `limit` memories of `scope` whose absolute score reaches `threshold`, best first.

    Runs inside the caller's `tenant_tx`, as one statement.
    """
    terms = analyzer.query_terms(query.text)
    sql, params = _statement(scope, query, terms, limit, threshold)
    rows = list(Memory.objects.raw(sql, params))
    return _hits(rows)


def _hits(rows: Sequence[Any]) -> list[Hit]:
    """A hit's score is the best absolute score from the last hit up to itself, so that the list is sorted by it."""
    scores = list(accumulate((row.absolute for row in reversed(rows)), max))[::-1]
    return [
        Hit(memory=row, score=score, absolute=row.absolute, semantic=row.semantic, lexical=row.coverage)
        for row, score in zip(rows, scores, strict=True)
    ]


def _statement(
    scope: QuerySet[Memory], query: Query, terms: Sequence[str], limit: int, threshold: float
) -> tuple[str, list[Any]]:
    scan, scan_params = _scan(scope, query, terms).query.sql_with_params()
    statement = STATEMENT.format(
        scan=scan,
        weights="".join(f", {_idf(number)} AS w{number}" for number in range(len(terms))),
        matched=" + ".join(f"t{number} * w{number}" for number in range(len(terms))) or "0",
        information=" + ".join(f"w{number}" for number in range(len(terms))) or "1",
        project="%s",
    )
    return statement, [*scan_params, threshold, limit, current_project_id()]


def _scan(scope: QuerySet[Memory], query: Query, terms: Sequence[str]) -> QuerySet[Any, Any]:
    """One row per memory of the scope: its cosine, its length, and for each term whether it holds it."""
    found = {
        f"t{number}": RawSQL("(memory.terms @@ %s::tsquery)::int", [analyzer.tsquery_literal(term)], IntegerField())
        for number, term in enumerate(terms)
    }
    return scope.order_by().annotate(semantic=cosine(query), **found).values("id", "term_count", "semantic", *found)


def cosine(query: Query) -> RawSQL:
    """Returns the SQL of a memory's cosine with the query.

    NULL for a vector of another model: such a memory has no dense leg until it is embedded anew.
    """
    if query.vector is None:
        return RawSQL("NULL::float8", [], FloatField())
    literal = "[" + ",".join(f"{number:.6g}" for number in query.vector) + "]"
    return RawSQL(
        "CASE WHEN memory.embedding_model = %s THEN 1 - (memory.embedding <=> %s::halfvec) END",
        [query.model, literal],
        FloatField(),
    )


def _idf(number: int) -> str:
    return f"ln(1 + (count(*) - sum(t{number}) + 0.5)::float8 / (sum(t{number}) + 0.5)::float8)"


_LENGTH = f"(1 + {BM25_K1} * ({1 - BM25_B} + {BM25_B} * term_count::float8 / greatest(average, 1)))"

# Materialized: else a planner without statistics computes the totals anew for every row.
STATEMENT = f"""
    WITH scanned AS MATERIALIZED ({{scan}}),
    totals AS MATERIALIZED (SELECT avg(term_count)::float8 AS average {{weights}} FROM scanned),
    legs AS (
        SELECT id, semantic, ({{matched}}) * {BM25_K1 + 1} / {_LENGTH} / ({{information}}) AS coverage
        FROM scanned CROSS JOIN totals
    ),
    scored AS (
        SELECT id, semantic, coverage,
               1 / (1 + exp(-({INTERCEPT} + {SEMANTIC} * coalesce(semantic, 0) + {COVERAGE} * coverage))) AS absolute,
               {DENSE_WEIGHT} * coalesce((semantic - min(semantic) OVER ())
                   / nullif(max(semantic) OVER () - min(semantic) OVER (), 0), 0)
               + {LEXICAL_WEIGHT} * coalesce(coverage / nullif(max(coverage) OVER (), 0), 0) AS fused
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
           best.semantic, best.coverage, best.absolute
    FROM best JOIN memory ON memory.project_id = {{project}} AND memory.id = best.id
    ORDER BY best.fused DESC, best.absolute DESC, best.id
"""  # noqa: S608 - only constants of this module are written into the text; all else is bound
