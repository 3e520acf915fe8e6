"""The searches of v1 and v2 (contract.md §5.4, §5.6), as clients before 2.0 ask."""

from typing import Any

import pytest

from tests.conftest import Person, SetUp, make_person
from tests.memories.support import Json, call, keep, post

V1, V2, V3 = "/v1/memories/search/", "/v2/memories/search/", "/v3/memories/search/"
AT_LEAST_ONE = "At least one of the filters: agent_id, user_id, app_id, run_id is required!"
ALEX = {"user_id": "alex"}

older = pytest.mark.parametrize("path", [V1, V2, f"{V1}?version=v2"])


def with_three() -> Person:
    alice = make_person("alice@example.com")
    keep(alice, "Likes green tea", metadata={"about": "drinks"})
    keep(alice, "Has a dog called Rex", run_id="r1")
    keep(alice, "Works as a nurse", agent_id="helper")
    return alice


@pytest.fixture
def three(set_up: SetUp) -> Person:
    return set_up("three of older searches", with_three)


def texts(hits: Any) -> list[str]:
    return [hit["memory"] for hit in hits]


@older
def test_a_search_is_a_bare_array_best_first(three: Person, path: str) -> None:
    hits = post(three, path, query="Which dog is it?", **ALEX)
    assert hits[0]["memory"] == "Has a dog called Rex"
    assert (hits[0]["run_id"], hits[0]["session_id"]) == ("r1", "r1")
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)


@older
def test_version_1_1_is_an_object_with_relations(three: Person, path: str) -> None:
    answer = post(three, path, query="dog", output_format="v1.1", **ALEX)
    assert answer["results"][0]["memory"] == "Has a dog called Rex"
    assert answer.keys() == {"results", "relations"}
    assert answer["relations"] == []


def test_v1_has_no_threshold_and_v2_has_that_of_v3(three: Person) -> None:
    everything, some = post(three, V1, query="dog", **ALEX), post(three, V2, query="dog", **ALEX)
    assert len(everything) == 3
    assert texts(some) == texts(post(three, f"{V1}?version=v2", query="dog", **ALEX))
    assert texts(some) == texts(post(three, V3, query="dog", filters=ALEX)["results"])
    assert len(some) < 3
    assert post(three, V1, query="dog", threshold=1, **ALEX) == []
    assert len(post(three, V2, query="dog", threshold=0, **ALEX)) == 3


@older
def test_top_k_and_its_older_name_limit_the_hits(three: Person, path: str) -> None:
    for name in ("top_k", "limit", "topK"):
        assert len(post(three, path, query="dog", threshold=0, **{name: 2}, **ALEX)) == 2
    assert call(three, "POST", path, {"query": "dog", "limit": 1_001, **ALEX}).status_code == 400


@older
def test_ids_and_filters_narrow_each_other(three: Person, path: str) -> None:
    def found(**body: Any) -> list[str]:
        return texts(post(three, path, query="he", threshold=0, **body))

    assert found(filters={"AND": [ALEX, {"run_id": "r1"}]}) == ["Has a dog called Rex"]
    assert found(filters={"agentId": "helper"}) == ["Works as a nurse"]
    assert found(filters=ALEX, run_id="r1") == ["Has a dog called Rex"]
    assert found(session_id="r1") == ["Has a dog called Rex"]
    assert found(metadata={"about": "drinks"}, run_id=None, **ALEX) == ["Likes green tea"]
    assert found(keywords="NURSE", **ALEX) == ["Works as a nurse"]
    assert found(categories=["food"], **ALEX) == []


@older
def test_chosen_fields_always_include_the_id(three: Person, path: str) -> None:
    fields: list[Any] = [["memory", "score"], "memory,score"]
    for chosen in fields:
        (hit,) = post(three, path, query="dog", top_k=1, fields=chosen, **ALEX)
        assert hit.keys() == {"id", "memory", "score"}


UNSCOPED: list[Json] = [{}, {"filters": {}}, {"filters": None, "user_id": ""}]


@pytest.mark.parametrize("asked", [*UNSCOPED, {"filters": {"NOT": ALEX}}, {"categories": ["food"]}], ids=str)
def test_v1_names_the_ids_of_which_it_needs_one(three: Person, asked: Json) -> None:
    response = call(three, "POST", V1, {"query": "dog", **asked})
    assert response.status_code == 400
    assert response.json().items() >= {"message": AT_LEAST_ONE, "detail": AT_LEAST_ONE}.items()


@pytest.mark.parametrize("path", [V2, f"{V1}?version=v2"])
def test_v2_requires_filters_that_name_an_entity(three: Person, path: str) -> None:
    for asked in UNSCOPED:
        response = call(three, "POST", path, {"query": "dog", **asked})
        assert response.status_code == 400
        assert response.json()["error"].startswith("Filters are required and cannot be empty.")
    response = call(three, "POST", path, {"query": "dog", "filters": {"NOT": ALEX}})
    assert response.status_code == 400
    assert "at least one positively-scoped entity ID" in response.json()["filters"][0]


@older
def test_a_search_needs_a_query(three: Person, path: str) -> None:
    for query in (None, "", "   "):
        response = call(three, "POST", path, {"query": query, **ALEX})
        assert response.status_code == 400
        assert response.json()["query"]


@older
def test_the_request_log_counts_a_search(three: Person, path: str) -> None:
    entry = call(three, "POST", path, {"query": "dog", **ALEX}).wsgi_request.log_entry
    assert (entry.operation, entry.entity) == ("SEARCH", "user:alex")
    assert entry.memory_ids
