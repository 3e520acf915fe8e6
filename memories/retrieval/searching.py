"""A search: the query is embedded, one statement finds and ranks, and the best of that is chosen (design.md §4)."""

import logging
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from loci.errors import DependencyError
from loci.observability import metrics
from loci.tenancy.context import Tenant, tenant_tx
from memories.embedding import embed_query, embedder
from memories.models import Memory
from memories.past import Interval, Moment, as_it_was, said_by, told
from memories.queries import USUALLY, Visibility, newest_first, visible, visible_then
from memories.retrieval.clues import Clue, clues
from memories.retrieval.context_budget import Fitting, fitting
from memories.retrieval.explaining import Matched, matched
from memories.retrieval.filters import Node, named_entities, to_q, to_q_then
from memories.retrieval.query import Query
from memories.retrieval.ranking import MOST_DROPPED, Dropped, Hit, Ranking, Reason, ranking, sorted_by_score
from memories.retrieval.reranking import MOST_READ, Reranking, reranked
from memories.retrieval.scanning import OF_SCANNED
from memories.retrieval.weighing import UNWEIGHED, Weights, weighed

logger = logging.getLogger(__name__)

CLEARLY_RELEVANT = 0.5
"""The least absolute score of a hit where only what is clearly relevant is wanted (`filter_memories`). A higher one
loses answers, and some clients ask for it always, as the extension for browsers does: they must not miss any."""
ENOUGH = 0.05
"""The share of a query's information that a memory must hold to be one that holds its words (`keyword_search`): a word
that nearly every memory of the scope holds, or one of dozens, says nothing."""
LEAST_READ, READ_FOR_EACH = 30, 3
"""How many candidates there are from which the wanted ones are chosen, where more than the legs have a say in that."""
BY_FILTERS = 1.0
"""The score of a memory that was found by filters alone: it is all that was asked for."""


@dataclass(frozen=True)
class Search:
    """What is looked for, and how.

    `reference` is when it is asked, now unless it is given: dates in the question are understood from there.
    `words` lets a memory that holds words of the query pass the threshold (`keyword_search`), unless `only_clear` ones
    are wanted (`filter_memories`). With `by_filters_alone` there is no question: the newest memories are found.
    `max_tokens` limits the texts of all hits together, by estimate. With `explain` the answer says why it is as it is.
    """

    query: str
    where: Node
    top_k: int
    threshold: float
    visibility: Visibility = USUALLY
    reference: datetime | None = None
    weights: Weights = UNWEIGHED
    words: bool = False
    only_clear: bool = False
    by_filters_alone: bool = False
    rerank: bool = False
    max_tokens: int | None = None
    explain: bool = False

    @property
    def least(self) -> float:
        """Returns the least absolute score of a hit."""
        return max(self.threshold, CLEARLY_RELEVANT) if self.only_clear else self.threshold

    @property
    def enough(self) -> float:
        """Returns the share of the query's information that does instead of that score."""
        return ENOUGH if self.words and not self.only_clear else math.inf

    @property
    def candidates(self) -> int:
        """Returns how many memories are to be ranked."""
        if not self.rerank and self.max_tokens is None:
            return self.top_k
        return max(self.top_k, min(max(READ_FOR_EACH * self.top_k, LEAST_READ), MOST_READ))


@dataclass
class Found:
    """The hits of a search, best first; `seconds` by part.

    Degraded is an answer without the dense leg. `reranking` is None where none was wanted, and `tokens` where they were
    not limited. `dropped` are candidates that are no hits, at most 20, and `matched` tells what of the question the
    memories of both hold, by their ids: both where an explanation was wanted. `clues` are those of the question.
    """

    hits: list[Hit] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    matched: Mapping[UUID, Matched] = field(default_factory=dict)
    clues: Sequence[Clue] = ()
    degraded: bool = False
    reranking: Reranking | None = None
    tokens: int | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    def observe(self, total: float) -> None:
        """Tells the metrics where the time went."""
        for part, seconds in {**self.seconds, "rest": total - sum(self.seconds.values())}.items():
            metrics.SEARCH_SECONDS.labels(part).observe(seconds)

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Adds the time of the block to a part's."""
        started = time.perf_counter()
        yield
        self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - started


def search(tenant: Tenant, asked: Search) -> Found:
    """Returns the memories that answer what is asked, best first.

    Where its visibility is of another time, memories are found by what they said then, and neither by attributes, of
    which the value of now is known, nor by the weights of now. With the embedder down, the other legs answer without
    it; with the reranker down, the order is theirs.
    """
    found = Found()
    pool = _newest(tenant, asked, found) if asked.by_filters_alone else _ranked(tenant, asked, found)
    hits = _reranked(tenant, asked, pool.hits, found) if asked.rerank else pool.hits
    chosen = _chosen(asked, hits)
    found.hits = sorted_by_score(chosen.hits)
    found.tokens = chosen.tokens if asked.max_tokens is not None else None
    if asked.explain:
        _explain(tenant, asked, [*_left_out(asked, chosen, pool), *pool.dropped], found)
    return found


def _ranked(tenant: Tenant, asked: Search, found: Found) -> Ranking:
    with found.timed("embedding"):
        query, found.degraded = _embedded(asked)
    with found.timed("sql"), tenant_tx(tenant):
        if asked.visibility.moment is not None:
            return _ranked_then(asked, query, asked.visibility.moment)
        now = timezone.now()
        found.clues = clues(asked.query, asked.reference or now)
        query = replace(query, entities=named_entities(asked.where), clues=found.clues)
        scope, limit = visible(to_q(asked.where), asked.visibility), asked.weights.pool(asked.candidates)
        pool = ranking(scope, query, limit=limit, threshold=asked.least, explain=asked.explain)
        return _cut(weighed(pool.hits, asked.weights, now), pool.dropped, asked.candidates)


def _ranked_then(asked: Search, query: Query, moment: Moment) -> Ranking:
    scope = visible_then(to_q_then(asked.where), moment, asked.visibility)
    said = said_by(OF_SCANNED, moment, superseded=asked.visibility.superseded)
    return ranking(scope, query, said=said, limit=asked.candidates, threshold=asked.least, explain=asked.explain)


def _cut(hits: list[Hit], dropped: list[Dropped], candidates: int) -> Ranking:
    beyond = [Dropped(hit, Reason.TOP_K) for hit in hits[candidates:]]
    return Ranking(hits[:candidates], [*beyond, *dropped])


def _newest(tenant: Tenant, asked: Search, found: Found) -> Ranking:
    visibility, moment, limit = asked.visibility, asked.visibility.moment, asked.candidates
    with found.timed("sql"), tenant_tx(tenant):
        if moment is None:
            rows = newest_first(visible(to_q(asked.where), visibility))[:limit]
            return Ranking([_by_filters(memory) for memory in rows], [])
        scope = visible_then(to_q_then(asked.where), moment, visibility)
        then = newest_first(told(scope, moment, superseded=visibility.superseded))[:limit]
        return Ranking([_by_filters(*as_it_was(row)) for row in then], [])


def _by_filters(memory: Memory, interval: Interval | None = None) -> Hit:
    return Hit(memory, BY_FILTERS, absolute=BY_FILTERS, semantic=None, lexical=None, interval=interval)


def _reranked(tenant: Tenant, asked: Search, hits: list[Hit], found: Found) -> list[Hit]:
    if asked.by_filters_alone:
        found.reranking = Reranking.UNAVAILABLE
        return hits
    with found.timed("rerank"):
        hits, found.reranking = reranked(tenant, asked.query, hits)
    return hits


def _chosen(asked: Search, hits: list[Hit]) -> Fitting:
    if asked.max_tokens is None:
        beyond = [Dropped(hit, Reason.TOP_K) for hit in hits[asked.top_k :]]
        return Fitting(hits[: asked.top_k], 0, beyond)
    return fitting(hits, top_k=asked.top_k, max_tokens=asked.max_tokens)


def _left_out(asked: Search, chosen: Fitting, pool: Ranking) -> list[Dropped]:
    """What was not chosen; of what would have been among the first without the reranker, that is the reason."""
    first = {hit.memory.id for hit in pool.hits[: asked.top_k]}
    return [
        replace(left, reason=Reason.RERANK) if left.reason is Reason.TOP_K and left.hit.memory.id in first else left
        for left in chosen.left_out
    ]


def _explain(tenant: Tenant, asked: Search, dropped: list[Dropped], found: Found) -> None:
    found.dropped = dropped[:MOST_DROPPED]
    with found.timed("sql"), tenant_tx(tenant):
        question = "" if asked.by_filters_alone else asked.query
        found.matched = matched(question, found.clues, [*found.hits, *(each.hit for each in found.dropped)])


def _embedded(asked: Search) -> tuple[Query, bool]:
    try:
        vector, model = embed_query(asked.query), embedder().model
    except DependencyError as error:
        logger.warning("search.degraded", extra={"error": type(error).__name__})
        return Query(text=asked.query, vector=None, model="", enough=asked.enough), True
    return Query(text=asked.query, vector=vector, model=model, enough=asked.enough), False
