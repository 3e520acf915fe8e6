"""A search: the query is embedded, then one statement finds and ranks (design.md §4)."""

import logging
import time
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.utils import timezone

from loci.errors import DependencyError
from loci.observability import metrics
from loci.tenancy.context import Tenant, tenant_tx
from memories.embedding import embed_query, embedder
from memories.past import said_by
from memories.queries import USUALLY, Visibility, visible, visible_then
from memories.retrieval.clues import clues
from memories.retrieval.filters import Node, named_entities, to_q, to_q_then
from memories.retrieval.query import Query
from memories.retrieval.ranking import Hit, rank, rank_then
from memories.retrieval.scanning import OF_SCANNED

logger = logging.getLogger(__name__)


@dataclass
class Found:
    """The hits of a search, best first; `seconds` by part. Degraded is an answer without the dense leg."""

    hits: list[Hit]
    degraded: bool
    seconds: dict[str, float] = field(default_factory=dict)

    def observe(self, total: float) -> None:
        """Tells the metrics where the time went."""
        for part, seconds in {**self.seconds, "rest": total - sum(self.seconds.values())}.items():
            metrics.SEARCH_SECONDS.labels(part).observe(seconds)


def search(
    tenant: Tenant,
    query: str,
    where: Node,
    *,
    top_k: int,
    threshold: float,
    visibility: Visibility = USUALLY,
    reference: datetime | None = None,
) -> Found:
    """Returns the best `top_k` memories that `where` admits and whose absolute score reaches `threshold`.

    `reference` is when it is asked: now, unless it is given. Dates in the question are understood from there.
    Where `visibility` is of another time, memories are found by what they said then, and not by attributes, of which
    the value of now is known. With the embedder down, the other legs answer without it.
    """
    started = time.perf_counter()
    embedded, degraded = _embedded(query)
    embedding_done = time.perf_counter()
    with tenant_tx(tenant):
        if visibility.moment is None:
            given = clues(query, reference or timezone.now())
            asked = replace(embedded, entities=named_entities(where), clues=given)
            hits = rank(visible(to_q(where), visibility), asked, limit=top_k, threshold=threshold)
        else:
            scope = visible_then(to_q_then(where), visibility.moment, visibility)
            said = said_by(OF_SCANNED, visibility.moment, superseded=visibility.superseded)
            hits = rank_then(scope, said, embedded, limit=top_k, threshold=threshold)
    seconds = {"embedding": embedding_done - started, "sql": time.perf_counter() - embedding_done}
    return Found(hits=hits, degraded=degraded, seconds=seconds)


def _embedded(query: str) -> tuple[Query, bool]:
    try:
        return Query(text=query, vector=embed_query(query), model=embedder().model), False
    except DependencyError as error:
        logger.warning("search.degraded", extra={"error": type(error).__name__})
        return Query(text=query, vector=None, model=""), True
