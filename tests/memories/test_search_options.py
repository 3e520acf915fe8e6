"""What of a search lets memories in: their words, a clear relevance, or the filters alone (contract.md §5.4, §14)."""

from typing import Any

import pytest

from tests.conftest import Person
from tests.fakes.settings import unreachable_embedder
from tests.memories.support import Json, add, call, keep, memory, ok, search, supersede

SEARCH = "/v3/memories/search/"
ALEX = {"user_id": "alex"}


def found(person: Person, query: str, **parameters: Any) -> list[str]:
    return [hit["memory"] for hit in search(person, query, **parameters)]


@pytest.fixture
def codes(alice: Person) -> Person:
    for code in ("QP-9983", "XK-4471", "ZZ-1234"):
        keep(alice, f"The order that was sent to the old address in spring had the number {code}")
    keep(alice, "Likes green tea")
    return alice


def test_words_of_the_query_let_a_memory_in_below_the_threshold(codes: Person) -> None:
    query = "QP-9983 XK-4471 please"
    assert found(codes, query, threshold=0.99) == []
    by_words = found(codes, query, threshold=0.99, keyword_search=True)
    assert {text[-7:] for text in by_words} == {"QP-9983", "XK-4471"}
    assert len(found(codes, query, threshold=0.99, keyword_search=True, top_k=1)) == 1


def test_a_word_that_every_memory_holds_lets_none_in(alice: Person) -> None:
    add(alice, [{"role": "user", "content": f"The user owns book {number}"} for number in range(60)], infer=False)
    query = "Which restaurant does the user recommend?"
    assert found(alice, query, threshold=0.9, keyword_search=True) == []
    assert len(found(alice, "book 7", threshold=0.99, keyword_search=True)) == 1


def test_clear_relevance_is_a_higher_threshold(codes: Person) -> None:
    query = "What kind of tea does he like?"
    everything, clear = found(codes, query), found(codes, query, filter_memories=True)
    assert clear == ["Likes green tea"]
    assert len(found(codes, query, threshold=0)) == 4
    assert set(clear) <= set(everything)
    assert found(codes, query, threshold=0.99, filter_memories=True) == []
    assert found(codes, query, threshold=0, filter_memories=True, keyword_search=True) == clear


def test_filters_alone_find_the_newest_first_without_a_question(alice: Person) -> None:
    texts = ["Likes green tea", "Lives in Berlin", "Works as a nurse"]
    for text in texts:
        keep(alice, text, metadata={"about": "me"})
    keep(alice, "Has a dog", metadata={"about": "pets"})
    body = {"query": "tea", "filters": ALEX, "metadata": {"about": "me"}, "only_metadata_based_search": True}
    with unreachable_embedder():
        response = call(alice, "POST", SEARCH, {**body, "threshold": 0.99, "rerank": True})
    hits = ok(response)["results"]
    assert [hit["memory"] for hit in hits] == texts[::-1]
    assert {hit["score"] for hit in hits} == {1.0}
    breakdown = dict.fromkeys(["semantic", "bm25", "entity", "decay", "feedback"]) | {"absolute": 1.0}
    assert hits[0]["score_breakdown"] == breakdown
    assert "X-Degraded" not in response
    assert response["X-Rerank"] == "unavailable"
    assert [hit["memory"] for hit in ok(call(alice, "POST", SEARCH, {**body, "top_k": 1}))["results"]] == texts[2:]


def test_filters_alone_show_what_other_searches_show(alice: Person, bob: Person) -> None:
    supersede(alice, keep(alice, "Likes tea"), by=keep(alice, "Likes green tea"))
    keep(alice, "Likes cake", expiration_date="2020-01-01")
    keep(alice, "Likes rice", user_id="somebody else")
    keep(bob, "Likes beer")
    assert found(alice, "?", only_metadata_based_search=True) == ["Likes green tea"]
    assert set(found(alice, "?", only_metadata_based_search=True, include_superseded=True, show_expired=True)) == {
        "Likes tea",
        "Likes green tea",
        "Likes cake",
    }


def test_filters_alone_find_what_was_so_at_another_time(alice: Person) -> None:
    kept = keep(alice, "Lives in Berlin", timestamp="2026-01-10T12:00:00Z")
    was = memory(alice, kept)
    ok(call(alice, "PUT", f"/v1/memories/{kept}/", {"text": "Lives in Rome"}))
    (hit,) = search(alice, "?", only_metadata_based_search=True, as_of="2026-02-01")
    assert (hit["memory"], hit["score"], hit["id"]) == (was["memory"], 1.0, kept)
    assert "valid_to" in hit


@pytest.mark.parametrize("path", ["/v1/memories/search/", "/v2/memories/search/"])
def test_older_searches_know_these_words_too(codes: Person, path: str) -> None:
    def asked(**parameters: Any) -> list[Json]:
        body = {"query": "QP-9983", "threshold": 0.99, **ALEX, **parameters}
        hits: list[Json] = ok(call(codes, "POST", path, body))
        return hits

    assert asked() == []
    assert [hit["memory"][-7:] for hit in asked(keywordSearch=True)] == ["QP-9983"]
    assert len(asked(only_metadata_based_search=True)) == 4


def test_a_flag_that_is_off_changes_nothing(codes: Person) -> None:
    names = ("keyword_search", "filter_memories", "only_metadata_based_search", "rerank")
    plain = found(codes, "tea")
    for off in (False, None, "", "false"):
        assert found(codes, "tea", **dict.fromkeys(names, off)) == plain
