"""The last word on the order of hits, by a model that reads question and memory together (contract.md §14, rerank).

It changes the order only. What it is asked about are the best candidates, some more than are wanted, so that one that
the legs see further down can come up. Without it, and when it fails or takes too long, their order stands.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from loci.errors import DependencyError
from loci.net.endpoint import Endpoint, endpoint, rerank_endpoint
from loci.net.reranker import Relevances, relevances
from loci.tenancy.context import Tenant
from memories.retrieval.ranking import Hit
from workers.jobs import Spent

logger = logging.getLogger(__name__)

MOST_READ = 100
"""Hits that a reranker is shown at most; those behind them stay behind them."""


class Reranking(StrEnum):
    """What became of a wish to have hits reranked."""

    DONE = "done"
    UNAVAILABLE = "unavailable"
    """No reranker is set up, or there is no question by which to rank."""
    FAILED = "failed"
    """It failed, took too long, or may not be asked now."""


class Reranker(Protocol):
    """Reads a question with each of some texts."""

    def relevances(self, question: str, texts: Sequence[str]) -> Relevances:
        """Returns how well each text answers the question, by a measure of its own; None where it does not say.

        Raises `loci.errors.DependencyError`, and `workers.jobs.Spent`.
        """
        ...


def check_reranker() -> None:
    """Raises `ImproperlyConfigured` when the settings name a reranker incompletely."""
    if settings.RERANK_PROVIDER == "llm" and endpoint() is None:
        raise ImproperlyConfigured("RERANK_PROVIDER=llm needs a language model: set LLM_API_KEY.")
    rerank_endpoint()


def reranker(tenant: Tenant) -> Reranker | None:
    """Returns the reranker that the settings name, or None."""
    is_llm = settings.RERANK_PROVIDER == "llm"
    named = endpoint() if is_llm else rerank_endpoint()
    if named is None:
        return None
    if not is_llm:
        return _EndpointReranker(named, settings.RERANK_BUDGET_S)
    from memories.retrieval.llm_reranking import LLMReranker  # noqa: PLC0415 - the SDK costs 38 MB

    return LLMReranker(named, tenant, settings.RERANK_BUDGET_S)


def reranked(tenant: Tenant, question: str, hits: Sequence[Hit]) -> tuple[list[Hit], Reranking]:
    """Returns the same hits in the reranker's order, or in their own, and which it is.

    Those of which it says nothing follow in their own order. Raises `RuntimeError` inside of a transaction.
    """
    model = reranker(tenant)
    if model is None:
        return list(hits), Reranking.UNAVAILABLE
    if len(hits) < 2:
        return list(hits), Reranking.DONE
    read, rest = hits[:MOST_READ], hits[MOST_READ:]
    try:
        told = model.relevances(question, [hit.memory.text for hit in read])
    except (DependencyError, Spent) as error:
        logger.warning("search.not_reranked", extra={"error": type(error).__name__})
        return list(hits), Reranking.FAILED
    judged = [replace(hit, rerank=relevance) for hit, relevance in zip(read, told, strict=True)]
    return [*sorted(judged, key=_place), *rest], Reranking.DONE


def _place(hit: Hit) -> tuple[bool, float]:
    return hit.rerank is None, -(hit.rerank or 0)


@dataclass(frozen=True)
class _EndpointReranker:
    endpoint: Endpoint
    within_s: float

    def relevances(self, question: str, texts: Sequence[str]) -> Relevances:
        return relevances(self.endpoint, question, texts, within_s=self.within_s)
