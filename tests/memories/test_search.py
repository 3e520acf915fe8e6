"""Searches (contract.md §5.9, design.md §4); how well they rank is measured elsewhere."""

from typing import Any

import pytest

from loci.tenancy.context import tenant_tx
from memories.models import Memory
from tests.conftest import Person, SetUp, make_person
from tests.fakes.settings import unreachable_embedder
from tests.memories.support import Json, add, call, keep, search, show_superseded, supersede

SEARCH = "/v3/memories/search/"
FACTS = ["Likes green tea", "Lives in Berlin", "Works as a nurse", "Has a dog called Rex", "Plays the violin"]


def with_five() -> Person:
    alice = make_person("alice@example.com")
    for text in FACTS:
        keep(alice, text)
    return alice


@pytest.fixture
def five(set_up: SetUp) -> Person:
    return set_up("FACTS of searches", with_five)


def found(person: Person, query: str, **parameters: Any) -> list[str]:
    return [hit["memory"] for hit in search(person, query, **parameters)]


def test_a_number_is_an_id_like_its_text(alice: Person) -> None:
    keep(alice, "Likes tea", user_id=12)
    assert [hit["user_id"] for hit in search(alice, "tea", {"user_id": 12}, threshold=0)] == ["12"]


def test_the_best_memory_comes_first_with_a_score_and_where_it_came_from(five: Person) -> None:
    hits = search(five, "Which pet does he have?", threshold=0)
    scores = [hit["score"] for hit in hits]
    assert hits[0]["memory"] == "Has a dog called Rex"
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)
    for hit in hits:
        breakdown = hit["score_breakdown"]
        assert {"semantic", "bm25", "entity", "absolute", "decay", "feedback"} == breakdown.keys()
        assert 0 < breakdown["absolute"] <= hit["score"]
        assert -1 <= breakdown["semantic"] <= 1
    assert {"user_id", "run_id", "session_id", "metadata", "categories", "created_at"} <= hits[0].keys()


def test_top_k_and_its_older_name_limit_the_hits(five: Person) -> None:
    assert len(search(five, "he", threshold=0)) == 5
    assert len(search(five, "he", threshold=0, top_k=2)) == 2
    assert len(search(five, "he", threshold=0, limit=3)) == 3
    assert len(search(five, "he", threshold=0, topK=1)) == 1


def test_the_threshold_compares_with_the_absolute_score(five: Person) -> None:
    every = search(five, "tea", threshold=0)
    limit = sorted(hit["score_breakdown"]["absolute"] for hit in every)[2]
    passed = search(five, "tea", threshold=limit)
    assert {hit["id"] for hit in passed} == {hit["id"] for hit in every if hit["score_breakdown"]["absolute"] >= limit}
    assert found(five, "tea", threshold=1) == []


def test_a_word_is_found_that_says_nothing_to_the_embedder(alice: Person) -> None:
    keep(alice, "The order number is XK-4471-B")
    keep(alice, "The order number is QP-9983-C")
    assert found(alice, "QP-9983-C")[0] == "The order number is QP-9983-C"


def test_chosen_fields_always_include_the_id(five: Person) -> None:
    (hit,) = search(five, "tea", top_k=1, fields=["memory"])
    assert set(hit) == {"id", "memory"}


def test_expired_memories_are_found_on_request(alice: Person) -> None:
    keep(alice, "Likes tea", expiration_date="2020-01-01")
    assert found(alice, "tea") == []
    assert found(alice, "tea", show_expired=True) == ["Likes tea"]


def test_expiration_is_judged_by_the_reference_date(alice: Person) -> None:
    keep(alice, "Likes tea", expiration_date="2020-01-01")
    within: list[Any] = [
        "2020-01-01",
        "2020-01-01T23:59:59+00:00",
        "2020-01-02T00:30:00+01:00",
        1577836800,
        "1577836800",
    ]
    after: list[Any] = ["2020-01-02", "2020-01-02T00:00:00Z", 1577923200]
    for moment in within:
        assert found(alice, "tea", reference_date=moment) == ["Likes tea"], moment
    for moment in after:
        assert found(alice, "tea", referenceDate=moment) == [], moment
        assert found(alice, "tea", reference_date=moment, show_expired=True) == ["Likes tea"]


def test_superseded_memories_are_found_on_request(alice: Person) -> None:
    supersede(alice, keep(alice, "Likes tea"), by=keep(alice, "Likes green tea"))
    both = {"Likes tea", "Likes green tea"}
    assert found(alice, "tea") == ["Likes green tea"]
    assert set(found(alice, "tea", include_superseded=True)) == both
    assert found(alice, "tea", include_superseded=True, latest_only=True) == ["Likes green tea"]
    show_superseded(alice)
    assert set(found(alice, "tea")) == both
    assert found(alice, "tea", latest_only=True) == found(alice, "tea", include_superseded=False) == ["Likes green tea"]


def test_a_search_sees_its_scope_only(alice: Person, bob: Person) -> None:
    keep(alice, "Likes tea", user_id="somebody else")
    keep(bob, "Likes tea")
    keep(alice, "Likes green tea", run_id="r1")
    assert found(alice, "tea") == ["Likes green tea"]
    assert search(alice, "tea", {"AND": [{"user_id": "alex"}, {"run_id": "r2"}]}) == []
    assert len(search(alice, "tea", {"userId": "*"})) == 2


def test_metadata_and_ids_beside_the_filters_narrow_them(alice: Person) -> None:
    keep(alice, "Likes tea", run_id="r1", metadata={"topic": "drinks"})
    keep(alice, "Likes cake", run_id="r2", metadata={"topic": "food"})
    assert found(alice, "likes", metadata={"topic": "food"}) == ["Likes cake"]
    assert found(alice, "likes", run_id="r1") == ["Likes tea"]


BAD_PARAMETERS: list[Json] = [
    {"query": None},
    {"query": "   "},
    {"query": ["tea"]},
    {"query": "x" * 8_001},
    {"top_k": 0},
    {"top_k": 1_001},
    {"top_k": "many"},
    {"threshold": -0.1},
    {"threshold": 1.1},
    {"fields": {"a": 1}},
    {"show_expired": "perhaps"},
    {"rerank": "perhaps"},
    {"keyword_search": {"a": 1}},
    {"filter_memories": 2},
    {"only_metadata_based_search": "perhaps"},
    {"max_tokens": 0},
    {"max_tokens": "many"},
    {"reference_date": "someday"},
    {"reference_date": True},
    {"reference_date": 10**14},
]


def test_bad_parameters_are_refused(alice: Person) -> None:
    for bad in BAD_PARAMETERS:
        response = call(alice, "POST", SEARCH, {"query": "tea", "filters": {"user_id": "alex"}, **bad})
        assert response.status_code == 400, bad
        assert isinstance(response.json()["detail"], str), bad


def test_parameters_of_other_versions_mean_nothing(five: Person) -> None:
    names = ("enable_graph", "api_version", "version", "source", "use_criteria", "no_such_parameter")
    expected = found(five, "tea")
    values: list[Any] = [True, "perhaps", {"a": 1}]
    for value in values:
        assert found(five, "tea", **dict.fromkeys(names, value)) == expected


def test_the_shape_of_v3_does_not_change(five: Person) -> None:
    body = {"query": "tea", "filters": {"user_id": "alex"}, "output_format": "v1.0"}
    assert call(five, "POST", SEARCH, body).json().keys() == {"results"}


def test_the_request_log_knows_who_and_what_was_found(five: Person) -> None:
    response = call(five, "POST", SEARCH, {"query": "tea", "filters": {"AND": [{"app_id": "*"}, {"user_id": "alex"}]}})
    entry = response.wsgi_request.log_entry
    assert (entry.operation, entry.entity) == ("SEARCH", "user:alex")
    assert [str(memory_id) for memory_id in entry.memory_ids] == [hit["id"] for hit in response.json()["results"]]
    assert entry.stages.keys() == {"embedding", "sql"}


def test_any_text_is_a_query(five: Person) -> None:
    for query in ("?", "the", "🍵", "'; DROP TABLE memory; --", "a & b | !c:*", "\\", "%_", "x" * 8_000):
        assert len(search(five, query, threshold=0)) == 5, query


def test_a_search_of_nothing_finds_nothing(alice: Person) -> None:
    assert search(alice, "tea") == []


def test_words_are_found_while_the_embedder_is_down(five: Person) -> None:
    body = {"query": "Tell me about green tea", "filters": {"user_id": "alex"}}
    assert "X-Degraded" not in call(five, "POST", SEARCH, body)
    with unreachable_embedder():
        response = call(five, "POST", SEARCH, body)
    assert response["X-Degraded"] == "embedding"
    hits = response.json()["results"]
    assert [hit["memory"] for hit in hits] == ["Likes green tea"]
    assert hits[0]["score_breakdown"]["semantic"] is None
    assert 0 < hits[0]["score"] < 1


def test_an_add_waits_for_an_embedder_that_is_down(alice: Person) -> None:
    with unreachable_embedder():
        event = add(alice, "Likes tea", infer=False)
    assert (event["status"], event["results"]) == ("PENDING", [])


def test_vectors_of_another_model_are_not_compared(five: Person) -> None:
    with tenant_tx(five.tenant):
        Memory.objects.filter(text="Likes green tea").update(embedding_model="another model")
    hits = {hit["memory"]: hit["score_breakdown"]["semantic"] for hit in search(five, "green tea", threshold=0)}
    assert hits.pop("Likes green tea") is None
    assert all(semantic is not None for semantic in hits.values())
