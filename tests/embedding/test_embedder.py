from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import ImproperlyConfigured

from loci.errors import DependencyError
from memories.embedding import embed_query, embedder
from memories.embedding.local import LocalEmbedder
from memories.embedding.openai_compatible import OpenAICompatibleEmbedder
from tests.fakes.embedding import Endpoint, embedding_endpoint, failing
from tests.fakes.settings import use_embedder


@pytest.fixture(autouse=True)
def _chosen_anew() -> Iterator[None]:
    embedder.cache_clear()
    yield
    embedder.cache_clear()


def test_the_embedder_is_local_without_settings() -> None:
    assert isinstance(embedder(), LocalEmbedder)
    assert embedder() is embedder()


@pytest.mark.parametrize("provider", ["openai", "openai_compatible"])
def test_a_remote_embedder_has_the_model_that_is_set(settings: Any, provider: str) -> None:
    settings.EMBEDDING_PROVIDER, settings.EMBEDDING_MODEL = provider, "text-embedding-3-small"
    assert isinstance(embedder(), OpenAICompatibleEmbedder)
    assert embedder().model == "text-embedding-3-small"


def test_a_remote_embedder_needs_a_model(settings: Any) -> None:
    settings.EMBEDDING_PROVIDER, settings.EMBEDDING_MODEL = "openai", ""
    with pytest.raises(ImproperlyConfigured, match="EMBEDDING_MODEL"):
        embedder()


def test_an_unknown_provider_gets_the_choices(settings: Any) -> None:
    settings.EMBEDDING_PROVIDER = "word2vec"
    with pytest.raises(ImproperlyConfigured, match="local, openai or openai_compatible, not 'word2vec'"):
        embedder()


def test_a_query_has_the_vector_of_its_text() -> None:
    vector = embed_query("Where does Alex live?")
    np.testing.assert_array_equal(vector, embedder().embed(["Where does Alex live?"])[0])


def test_a_query_asked_again_comes_from_the_cache_which_nobody_can_change() -> None:
    vector = embed_query("Where does Alex live?")
    assert embed_query("Where does Alex live?") is vector
    with pytest.raises(ValueError, match="read-only"):
        vector[0] = 0


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with embedding_endpoint() as server, use_embedder(server.url):
        yield server


def test_a_query_is_asked_for_once(endpoint: Endpoint) -> None:
    np.testing.assert_array_equal(embed_query("tea"), embed_query("tea"))
    assert len(endpoint.received) == 1


def test_a_failure_is_not_remembered(endpoint: Endpoint) -> None:
    endpoint.answers = [failing(401)]
    with pytest.raises(DependencyError):
        embed_query("tea")
    assert embed_query("tea").shape == (2,)


def test_many_who_ask_the_same_at_once_get_the_same(endpoint: Endpoint) -> None:
    with ThreadPoolExecutor(8) as threads:
        first, *others = threads.map(embed_query, ["tea"] * 8)
    for other in others:
        np.testing.assert_array_equal(other, first)
