"""The settings that point Loci at a fake model, or at none."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from django.test import override_settings

from loci.local.programs import free_port
from memories.embedding import embedder
from tests.fakes.llm import FakeLLM
from tests.fakes.reranker import FakeReranker

_models = itertools.count()


def use(llm: FakeLLM, *, budget_s: float = 10, provider: str = "openai") -> override_settings:
    """Returns a context in which `llm` is the model; its name is new each time, so that no breaker remembers it."""
    return override_settings(
        LLM_PROVIDER=provider,
        LLM_BASE_URL=llm.base_url,
        LLM_API_KEY="test-key",
        LLM_MODEL=f"fake-{next(_models)}",
        LLM_BUDGET_S=budget_s,
        REDIS_URL="redis://127.0.0.1:1/0",
    )


@contextmanager
def use_for_all(llm: FakeLLM) -> Iterator[None]:
    """Makes `llm` the model and the embedder."""
    with use(llm), use_embedder(llm.base_url, "fake-embedding"):
        yield


@contextmanager
def use_embedder(base_url: str, model: str = "") -> Iterator[None]:
    """Makes this endpoint the embedder; without a `model` its name is new each time, so that no vector is cached."""
    settings = {"EMBEDDING_PROVIDER": "openai_compatible", "EMBEDDING_BASE_URL": base_url}
    with override_settings(EMBEDDING_MODEL=model or f"fake-{next(_models)}", **settings):
        embedder.cache_clear()
        try:
            yield
        finally:
            embedder.cache_clear()


def use_reranker(reranker: FakeReranker, *, budget_s: float = 10) -> override_settings:
    """Returns a context in which searches are reranked by `reranker`; its model's name is new, as that of `use`."""
    return override_settings(
        RERANK_PROVIDER="endpoint",
        RERANK_BASE_URL=reranker.url,
        RERANK_API_KEY="rerank-key",
        RERANK_MODEL=f"fake-reranker-{next(_models)}",
        RERANK_BUDGET_S=budget_s,
        REDIS_URL="redis://127.0.0.1:1/0",
    )


@contextmanager
def unreachable_embedder() -> Iterator[None]:
    """An embedding endpoint at which nobody answers."""
    with use_embedder(f"http://127.0.0.1:{free_port()}/v1"):
        yield
