"""Embeddings: the process's embedder, and queries' vectors."""

import os
from functools import cache, lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from memories.embedding.base import Embedder, Vectors

CACHED_QUERIES = 512

QUERY_BUDGET_S = 1.5
"""A search does not wait longer for a remote embedder: its other legs answer without the vector. One that hangs costs
five searches in a row so much, and then, while its breaker is open, one in 15 seconds."""


@cache
def embedder(budget_s: float = settings.EMBEDDING_BUDGET_S) -> Embedder:
    """Returns the embedder of this process, chosen by `EMBEDDING_PROVIDER`; a forked child has its own.

    A remote one may spend `budget_s` seconds on a call. Raises `ImproperlyConfigured` for an unknown provider, and for
    a remote one without a model.
    """
    match settings.EMBEDDING_PROVIDER:
        case "local":
            return local_embedder()
        case "openai" | "openai_compatible":
            return _openai_compatible(budget_s)
        case unknown:
            choices = "local, openai or openai_compatible"
            raise ImproperlyConfigured(f"EMBEDDING_PROVIDER must be {choices}, not {unknown!r}.")


def warm_up() -> None:
    """Loads the bundled model, where it is used, so that no request waits for that."""
    if settings.EMBEDDING_PROVIDER == "local":
        embedder().embed(["warm"])


def _forget() -> None:
    """Neither a model in memory nor a connection may be used on both sides of a fork."""
    embedder.cache_clear()
    local_embedder.cache_clear()


os.register_at_fork(after_in_child=_forget)


def embed_query(text: str) -> Vectors:
    """Returns the vector of a query, shape (dimensions,), read-only, from a small cache when it was asked before.

    Raises `loci.errors.DependencyError` when the embedder cannot be reached.
    """
    return _query_vector(text, embedder().model)


@lru_cache(maxsize=CACHED_QUERIES)
def _query_vector(text: str, model: str) -> Vectors:
    vector: Vectors = embedder(QUERY_BUDGET_S).embed([text])[0]
    vector.setflags(write=False)
    return vector


@cache
def local_embedder() -> Embedder:
    """Returns the bundled model, whatever `EMBEDDING_PROVIDER` says; a forked child has its own."""
    from memories.embedding.local import LocalEmbedder  # noqa: PLC0415 - onnxruntime costs 30 MB where it is not used.

    return LocalEmbedder()


def _openai_compatible(budget_s: float) -> Embedder:
    from memories.embedding.openai_compatible import OpenAICompatibleEmbedder  # noqa: PLC0415 - openai costs 35 MB.

    if not settings.EMBEDDING_MODEL:
        raise ImproperlyConfigured("EMBEDDING_MODEL must name the model of the embedding endpoint.")
    return OpenAICompatibleEmbedder(
        model=settings.EMBEDDING_MODEL,
        api_key=settings.EMBEDDING_API_KEY,
        base_url=settings.EMBEDDING_BASE_URL,
        budget_s=budget_s,
    )
