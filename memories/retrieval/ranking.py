"""Which memories of a scope answer a query, in one SQL statement (design.md §4).

Two legs read the scope in one scan: **dense** (cosine with the query's vector) and **lexical** (BM25 with the scope's
own statistics). The third, **attribute**, knows which memories support an attribute that is asked for. `fusion` says
how they make the order and the score.

What memories said at another time is ranked by the same statement, which then reads the texts of that time.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import accumulate
from typing import Any

from django.db.models import QuerySet

from loci.tenancy.context import current_project_id
from memories.models import Memory, Revision
from memories.past import Interval, as_it_was
from memories.retrieval import analyzer, fusion
from memories.retrieval.attributes import named_by
from memories.retrieval.indexed import candidates, large, searching_by_index
from memories.retrieval.query import Query
from memories.retrieval.scanning import NOW, THEN, Scan, Texts, scan, scan_then

MOST_DROPPED = 20
"""Candidates that were dropped, of those that an explanation tells of: the first in the order."""


@dataclass(frozen=True)
class Leg:
    """How one leg judges a candidate: its rank from 1 among all, equal ones alike; None where it says nothing."""

    rank: int | None
    score: float | None


@dataclass(frozen=True)
class Explained:
    """What an explanation says of a candidate.

    `terms` are the numbers of the terms that it holds, in the order of `analyzer.query_terms`, `clues` those of the
    clues that it has at least by half. `fused` is what the order is by; the legs are those of `LEGS`.
    """

    fused: float
    terms: Sequence[int]
    clues: Sequence[int]
    legs: Mapping[str, Leg]


@dataclass(frozen=True)
class Hit:
    """A memory that answers a query.

    `score` is what the wire shows, between 0 and 1: the absolute one, until `sorted_by_score` lets it fall along the
    list. `absolute` is the memory's own score, `semantic` its cosine and `lexical` its BM25 score as a share of the
    query's information; None where a leg could not be asked. `attribute` is how much of an attribute that it supports
    the query names, None where it names none. `interval` is when the memory said this, where another time was asked
    about. `decay` and `feedback` are what its score was multiplied by for its use and for what people think of it; None
    where neither was weighed. `explained` is there where an explanation was asked for, and `rerank` where a reranker
    judged the memory, by a measure of its own.
    """

    memory: Memory
    score: float
    absolute: float
    semantic: float | None
    lexical: float | None
    attribute: float | None = None
    interval: Interval | None = None
    decay: float | None = None
    feedback: float | None = None
    explained: Explained | None = None
    rerank: float | None = None

    @property
    def weighed(self) -> float:
        """Returns the absolute score multiplied by `decay` and `feedback`, at most 1."""
        return min(1.0, self.absolute * self.factor)

    @property
    def factor(self) -> float:
        """Returns what the memory's score is multiplied by."""
        return (1 if self.decay is None else self.decay) * (1 if self.feedback is None else self.feedback)


class Reason(StrEnum):
    """Why a candidate is no hit. A ranking knows the first two; the others are of what chooses from it."""

    THRESHOLD = "threshold"
    """Its absolute score is below it."""
    TOP_K = "top_k"
    """So many others are better."""
    RERANK = "rerank"
    """It was among the first, and the reranker put others before it."""
    MAX_TOKENS = "max_tokens"
    """Its text did not fit beside those of better ones."""
    DUPLICATE = "duplicate"
    """A better one says the same, word for word."""


@dataclass(frozen=True)
class Dropped:
    """A candidate that is no hit. The `score` of its `hit` is the absolute one."""

    hit: Hit
    reason: Reason


@dataclass(frozen=True)
class Ranking:
    """The hits, best first, and the best of the candidates that were dropped, in the same order."""

    hits: list[Hit]
    dropped: list[Dropped]


def rank(scope: QuerySet[Memory], query: Query, *, limit: int, threshold: float = 0.0) -> list[Hit]:
    """Returns the best `limit` memories of `scope` whose absolute score reaches `threshold`, best first.

    Runs inside the caller's `tenant_tx`, as one statement.
    """
    return ranking(scope, query, limit=limit, threshold=threshold).hits


def ranking(
    scope: QuerySet[Memory],
    query: Query,
    *,
    said: QuerySet[Revision] | None = None,
    limit: int,
    threshold: float = 0.0,
    explain: bool = False,
) -> Ranking:
    """Returns what `rank` does, and with `explain` also the best of what was dropped, and of each why.

    With `said`, memories are found by what they said at a time, and are as they were then: `scope` is what
    `memories.past.known` returns, and `said` what `memories.past.said_by` does of `OF_SCANNED`.
    """
    if said is not None:
        query = replace(query, clues=())  # They are of what a memory says now.
    reading = _reading(scope, query, said, limit + MOST_DROPPED if explain else limit)
    named, of_named = named_by(query.text, query.entities)
    statement = _statement(reading, named, query, explain=explain)
    gate = [threshold, query.enough]
    of_best = [limit, *gate, limit + MOST_DROPPED] if explain else [*gate, limit]
    params = [*of_named, *reading.scan[1], *of_best, current_project_id()]
    with reading.within:
        rows = list(Memory.objects.raw(statement, params))
    found = [(row, _hit(row, then=said is not None, explain=explain)) for row in rows]
    dropped = [Dropped(hit, Reason.TOP_K if row.reaches else Reason.THRESHOLD) for row, hit in found if not row.kept]
    return Ranking([hit for row, hit in found if row.kept], dropped[:MOST_DROPPED])


@dataclass(frozen=True)
class _Reading:
    """How candidates are read: of which texts, by what scan, with which totals, and what the statement runs within."""

    texts: Texts
    scan: Scan
    totals: str
    within: AbstractContextManager[None] = field(default_factory=nullcontext)


def _reading(scope: QuerySet[Memory], query: Query, said: QuerySet[Revision] | None, wanted: int) -> _Reading:
    """Only what memories say now can be found by indexes."""
    counted = fusion.totals(len(analyzer.query_terms(query.text)), len(query.clues))
    if said is not None:
        return _Reading(THEN, scan_then(scope, said, query), counted)
    known = large(scope, query)
    if known is None:
        return _Reading(NOW, scan(scope, query), counted)
    totals = fusion.totals_known(known.mean_length, known.index.memories, known.documents, len(query.clues))
    return _Reading(NOW, candidates(scope, query, known, wanted), totals, searching_by_index(known.index, wanted))


def _hit(row: Any, *, then: bool, explain: bool) -> Hit:
    interval = as_it_was(row)[1] if then else None
    hit = Hit(row, row.absolute, row.absolute, row.semantic, row.coverage, row.share, interval)
    if not explain:
        return hit
    legs = {name: Leg(getattr(row, f"{name}_rank"), getattr(row, name)) for name in LEGS}
    return replace(hit, explained=Explained(row.fused, row.terms_held, row.clues_had, legs))


def sorted_by_score(hits: Sequence[Hit]) -> list[Hit]:
    """Returns the hits in their order, with scores that sort them: the best weighed one from the last up to each."""
    scores = list(accumulate((hit.weighed for hit in reversed(hits)), max))[::-1]
    return [replace(hit, score=score) for hit, score in zip(hits, scores, strict=True)]


def _statement(reading: _Reading, named: str, query: Query, *, explain: bool) -> str:
    terms = len(analyzer.query_terms(query.text))
    return STATEMENT.format(
        scanned=reading.scan[0],
        named=named,
        totals=reading.totals,
        coverage=fusion.coverage(terms),
        clues=fusion.clues(len(query.clues)),
        held=_held(terms, len(query.clues)) if explain else "",
        best=BEST_AND_DROPPED if explain else BEST,
        explained=EXPLAINED if explain else "",
        memory=reading.texts.memory,
        shown=reading.texts.shown,
    )


def _held(terms: int, clues: int) -> str:
    held = [f"CASE WHEN t{number} > 0 THEN {number} END" for number in range(terms)]
    had = [f"CASE WHEN c{number} >= 0.5 THEN {number} END" for number in range(clues)]
    return f", {_numbers(held)} AS terms_held, {_numbers(had)} AS clues_had"


def _numbers(each: Sequence[str]) -> str:
    return f"array_remove(ARRAY[{', '.join(each)}]::int[], NULL)"


REACHES = "(absolute >= %s OR coverage >= %s)"
ORDER = "fused DESC, absolute DESC, id"

BEST = f"SELECT *, true AS kept FROM scored WHERE {REACHES} ORDER BY {ORDER} LIMIT %s"  # noqa: S608 - as below

LEGS = {"semantic": "IS NOT NULL", "coverage": "> 0", "share": "IS NOT NULL", "clues": "> 0", "context": "> 0"}
"""The legs as columns, with what tells that one says something for a candidate."""

_RANKS = ", ".join(
    f"CASE WHEN {leg} {speaks} THEN rank() OVER (ORDER BY {leg} DESC NULLS LAST) END AS {leg}_rank"
    for leg, speaks in LEGS.items()
)
BEST_AND_DROPPED = f"""
    SELECT *, reaches AND row_number() OVER (PARTITION BY reaches ORDER BY {ORDER}) <= %s AS kept, {_RANKS}
    FROM (SELECT *, {REACHES} AS reaches, fused - own AS context FROM scored WHERE id IS NOT NULL) AS candidate
    ORDER BY kept DESC, {ORDER} LIMIT %s
"""  # noqa: S608 - as below
EXPLAINED = ", " + ", ".join(
    f"best.{column}"
    for column in ("reaches", "fused", "terms_held", "clues_had", "clues", "context", *(f"{leg}_rank" for leg in LEGS))
)

# A planner without statistics takes a scope for a row or two. So what is computed once is materialized, and the joins
# of whole scopes are full ones, which cannot be nested loops; a row of theirs that is not `weighed` has no score.
STATEMENT = f"""
    WITH named AS MATERIALIZED ({{named}}),
    scanned AS MATERIALIZED ({{scanned}}),
    totals AS MATERIALIZED ({{totals}}),
    legs AS MATERIALIZED (
        SELECT id, follows, length, semantic, share, {{coverage}} AS coverage, {{clues}} AS clues {{held}}
        FROM scanned CROSS JOIN totals LEFT JOIN named USING (id)
    ),
    range AS MATERIALIZED (SELECT {fusion.RANGE} FROM legs),
    weighed AS MATERIALIZED (
        SELECT legs.*, {fusion.OWN} AS own, {fusion.ALONE} AS alone, {fusion.LEANS} AS leans FROM legs CROSS JOIN range
    ),
    preceding AS (
        SELECT id, own * leans AS own_before, alone * leans AS alone_before
        FROM weighed WHERE EXISTS (SELECT FROM weighed WHERE follows IS NOT NULL)
    ),
    following AS (
        SELECT follows AS id, max(own * leans) AS own_after, max(alone * leans) AS alone_after
        FROM weighed WHERE follows IS NOT NULL GROUP BY follows
    ),
    scored AS MATERIALIZED (
        SELECT weighed.*, {fusion.FUSED} AS fused, {fusion.ABSOLUTE} AS absolute
        FROM weighed
        FULL JOIN preceding ON preceding.id = weighed.follows
        FULL JOIN following ON following.id = weighed.id
    ),
    best AS ({{best}})
    SELECT memory.id, memory.project_id, memory.text, memory.hash, memory.metadata, memory.categories,
           memory.user_id, memory.agent_id, memory.app_id, memory.run_id, memory.state, memory.immutable,
           memory.expires_on, memory.replaced_by_id, memory.version, memory.created_at, memory.updated_at,
           memory.event_time, memory.lifetime, memory.importance, memory.topics, memory.relations, memory.trust,
           memory.flags,
           best.semantic, best.coverage, best.share, best.absolute, best.kept {{explained}} {{shown}}
    FROM best {{memory}}
    ORDER BY best.kept DESC, best.fused DESC, best.absolute DESC, best.id
"""  # noqa: S608 - only constants of this module are written into the text; all else is bound
