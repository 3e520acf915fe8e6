"""Searches while the embedder fails: words answer, and nobody waits for what has failed too often."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from loci.errors import NotNow
from memories import embedding
from memories.embedding import embedder
from tests.conftest import Person
from tests.fakes.embedding import Answer, Endpoint, embedding_endpoint, failing, fine, hang
from tests.fakes.settings import unreachable_embedder, use_embedder
from tests.memories.support import call, keep

FAILURES: dict[str, Callable[[Endpoint], Answer]] = {
    "hangs": hang,
    "refuses the key": lambda endpoint: failing(401),
    "has no room": lambda endpoint: failing(503),
}


@pytest.fixture
def endpoint(alice: Person, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    keep(alice, "Likes green tea")
    monkeypatch.setattr(embedding, "QUERY_BUDGET_S", 10)  # A busy machine is no failure.
    with embedding_endpoint() as server, use_embedder(server.url):
        yield server


def degraded(person: Person, query: str) -> Any:
    """Searches for words, which are found, and returns what the answer says is missing."""
    body = {"query": query, "filters": {"user_id": "alex"}, "threshold": 0}
    response = call(person, "POST", "/v3/memories/search/", body)
    assert [hit["memory"] for hit in response.json()["results"]] == ["Likes green tea"]
    return response.headers.get("X-Degraded")


def search_until_open(person: Person) -> None:
    for number in range(6):
        assert degraded(person, f"green tea {number}") == "embedding"
    with pytest.raises(NotNow):
        embedder().check()


@pytest.mark.parametrize("failure", FAILURES)
def test_an_endpoint_that_keeps_failing_is_not_asked_any_more(
    alice: Person, endpoint: Endpoint, failure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "QUERY_BUDGET_S", 0.2 if failure == "hangs" else 10)
    endpoint.usual = FAILURES[failure](endpoint)
    search_until_open(alice)
    asked = len(endpoint.received)
    assert asked == 5
    assert degraded(alice, "tea") == "embedding"
    assert len(endpoint.received) == asked


def test_an_endpoint_that_is_not_there_is_not_asked_any_more(alice: Person, endpoint: Endpoint) -> None:
    with unreachable_embedder():
        search_until_open(alice)
        assert degraded(alice, "tea") == "embedding"


def test_what_was_asked_before_is_known_while_the_embedder_is_down(alice: Person, endpoint: Endpoint) -> None:
    assert degraded(alice, "green tea") is None
    endpoint.usual = failing(401)
    search_until_open(alice)
    assert degraded(alice, "green tea") is None
    assert degraded(alice, "green tea, please") == "embedding"


def test_a_search_after_one_that_failed_has_its_vector(alice: Person, endpoint: Endpoint) -> None:
    endpoint.answers, endpoint.usual = [failing(401)], fine
    assert degraded(alice, "green tea") == "embedding"
    assert degraded(alice, "green tea") is None
