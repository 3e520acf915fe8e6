"""`explain` of a search: why each hit was found, and why other candidates are no hits (design.md §4)."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Person, SetUp, make_person
from tests.fakes.llm import FakeLLM
from tests.fakes.reranker import FakeReranker
from tests.fakes.settings import unreachable_embedder, use, use_reranker
from tests.memories.support import Json, add, call, fact, keep, lives_in, ok, post, scripted_add

SEARCH = "/v3/memories/search/"
LEGS = ("semantic", "bm25", "entity", "clues", "conversation")
FACTS = ["Likes green tea", "Drinks tea at noon", "Works as a nurse", "Has a dog called Rex", "Plays the violin"]


def with_five() -> Person:
    alice = make_person("alice@example.com")
    for year, text in enumerate(FACTS, start=2020):
        keep(alice, text, timestamp=f"{year}-01-01T00:00:00Z")
    return alice


@pytest.fixture
def five(set_up: SetUp) -> Person:
    return set_up("FACTS of five years", with_five)


@pytest.fixture
def llm() -> Iterator[FakeLLM]:
    with FakeLLM() as server, use(server):
        yield server


def explained(person: Person, query: str = "Which green teas?", **parameters: Any) -> Json:
    body = {"query": query, "filters": {"user_id": "alex"}, "threshold": 0, "explain": True, **parameters}
    answer: Json = ok(call(person, "POST", SEARCH, body))
    return answer


def reasons(answer: Json) -> dict[str, str]:
    return {each["memory"]: each["reason"] for each in answer["dropped"]}


def test_every_hit_says_how_each_leg_ranks_it_and_what_of_the_question_it_holds(five: Person) -> None:
    hits = {hit["memory"]: hit for hit in explained(five)["results"]}
    best = hits["Likes green tea"]
    explanation, breakdown = best["explanation"], best["score_breakdown"]
    assert explanation["legs"] == {
        "semantic": {"rank": 1, "score": breakdown["semantic"]},
        "bm25": {"rank": 1, "score": breakdown["bm25"]},
        "entity": {"rank": None, "score": None},
        "clues": {"rank": None, "score": 0},
        "conversation": {"rank": None, "score": 0},
    }
    assert explanation["matched_terms"] == [{"term": "green", "words": ["green"]}, {"term": "tea", "words": ["tea"]}]
    assert hits["Drinks tea at noon"]["explanation"]["legs"]["bm25"]["rank"] == 2
    assert hits["Plays the violin"]["explanation"]["legs"]["bm25"]["rank"] is None
    assert hits["Plays the violin"]["explanation"]["matched_terms"] == []
    fused = [hit["explanation"]["fused"] for hit in explained(five)["results"]]
    assert fused == sorted(fused, reverse=True)


def test_a_hit_says_which_clues_it_has_and_what_its_conversation_adds(alice: Person) -> None:
    keep(alice, "Painted the kitchen walls", timestamp="2026-03-10T10:00:00Z")
    said = [{"role": "user", "content": "Which walls were painted?"}, {"role": "assistant", "content": "All."}]
    post(alice, "/v3/memories/add/", user_id="alex", infer=False, messages=said, timestamp="2026-05-01T10:00:00Z")
    answer = explained(alice, "What did I paint in March, which walls?", reference_date="2026-05-15")
    hits = {hit["memory"]: hit["explanation"] for hit in answer["results"]}
    assert hits["Painted the kitchen walls"]["matched_clues"] == ["time", "speaker"]
    assert hits["Painted the kitchen walls"]["legs"]["clues"]["rank"] == 1
    assert hits["All."]["matched_clues"] == []
    assert hits["All."]["legs"]["conversation"]["rank"] == 1
    assert hits["Painted the kitchen walls"]["legs"]["conversation"] == {"rank": None, "score": 0}


def test_an_explanation_changes_no_hit(five: Person) -> None:
    plain = explained(five, explain=False, top_k=3)
    hits = explained(five, top_k=3)["results"]
    assert [{name: value for name, value in hit.items() if name != "explanation"} for hit in hits] == plain["results"]
    assert plain.keys() == {"results"}


def test_a_memory_says_which_attribute_and_topics_the_question_names(alice: Person, llm: FakeLLM) -> None:
    scripted_add(alice, llm, lives_in("Berlin", topics=["Berlin", "Germany"]))
    scripted_add(alice, llm, fact("Plans a trip to Rome", topics=["Rome"]))
    (home,) = explained(alice, "Where does she live, in Berlin?", top_k=1)["results"]
    assert home["explanation"]["legs"]["entity"]["rank"] == 1
    assert home["explanation"]["matched_attributes"] == [{"key": "location", "value": "Berlin"}]
    assert home["explanation"]["matched_topics"] == ["Berlin"]


def test_candidates_that_are_no_hits_say_why(five: Person) -> None:
    everything = [hit["memory"] for hit in explained(five)["results"]]
    answer = explained(five, top_k=2)
    assert reasons(answer) == dict.fromkeys(everything[2:], "top_k")
    assert all(each["explanation"]["legs"]["semantic"]["rank"] for each in answer["dropped"])
    assert reasons(explained(five, threshold=1)) == dict.fromkeys(everything, "threshold")
    assert explained(five)["dropped"] == []


def test_what_does_not_fit_says_so(five: Person) -> None:
    long = ("Green tea " * 200).strip()
    keep(five, long)
    keep(five, "likes GREEN tea", run_id="another")
    said = reasons(explained(five, max_tokens=100, top_k=4))
    assert said.pop(long) == "max_tokens"
    duplicate = [text for text, reason in said.items() if reason == "duplicate"]
    assert [text.lower() for text in duplicate] == ["likes green tea"]
    assert set(said.values()) == {"duplicate", "top_k"}


def test_what_the_reranker_put_down_says_so(five: Person) -> None:
    best = explained(five, top_k=1)["results"][0]["memory"]
    with FakeReranker(prefers=("Plays the violin",)) as server, use_reranker(server):
        answer = explained(five, top_k=1, rerank=True)
    (hit,) = answer["results"]
    assert hit["memory"] == "Plays the violin"
    assert hit["score_breakdown"]["rerank"] == 1.0
    assert reasons(answer).pop(best) == "rerank"
    assert set(reasons(answer).values()) == {"rerank", "top_k"}


def test_at_most_20_candidates_are_told_of(alice: Person) -> None:
    add(alice, [{"role": "user", "content": f"Read book {number}"} for number in range(40)], infer=False)
    for parameters in ({}, {"max_tokens": 1}, {"rerank": True}):
        assert len(explained(alice, "book", top_k=1, **parameters)["dropped"]) == 20


@pytest.mark.parametrize("path", ["/v1/memories/search/", "/v2/memories/search/"])
def test_a_bare_array_explains_its_hits_only(five: Person, path: str) -> None:
    body = {"query": "tea", "user_id": "alex", "top_k": 1, "explain": True}
    (hit,) = ok(call(five, "POST", path, body))
    assert "explanation" in hit
    answer = ok(call(five, "POST", path, {**body, "output_format": "v1.1"}))
    assert answer.keys() == {"results", "relations", "dropped"}
    assert len(answer["dropped"]) == 4


def test_chosen_fields_leave_the_explanation(five: Person) -> None:
    assert explained(five, top_k=1, fields=["memory"])["results"][0].keys() == {"id", "memory", "explanation"}


def test_without_the_embedder_its_leg_says_nothing(five: Person) -> None:
    with unreachable_embedder():
        (best, *_) = explained(five)["results"]
    assert best["explanation"]["legs"]["semantic"] == {"rank": None, "score": None}


def test_filters_alone_explain_nothing_more(five: Person) -> None:
    answer = explained(five, only_metadata_based_search=True, top_k=1)
    assert answer["results"][0]["explanation"] == {
        "fused": None,
        "legs": {name: {"rank": None, "score": None} for name in LEGS},
        "matched_terms": [],
        "matched_attributes": [],
        "matched_topics": [],
        "matched_clues": [],
    }
    assert answer["dropped"] == []


def test_the_past_is_explained_by_what_was_said_then(five: Person) -> None:
    (best, *_) = explained(five, known_at="2090-01-01")["results"]
    assert [match["term"] for match in best["explanation"]["matched_terms"]] == ["green", "tea"]


def test_others_memories_are_not_among_the_candidates(five: Person, bob: Person) -> None:
    keep(bob, "Likes black tea")
    keep(five, "Likes tea too", user_id="somebody else")
    answer = explained(five, threshold=1)
    assert set(reasons(answer)) == set(FACTS)
