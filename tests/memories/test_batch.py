"""Many memories changed or deleted by one request (contract.md §7)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.conftest import Person
from tests.memories.support import NOBODYS_ID, Json, call, history, keep, memory, ok, search, texts
from tests.memories.test_access import with_scopes
from tests.memories.test_delete import tables_with

PATHS = pytest.mark.parametrize("path", ["/v1/batch/", "/v1/memories/batch/", "/v1/batch"])
EDIT = {"text": "Likes coffee"}


def batch(person: Person, method: str, items: Any, path: str = "/v1/batch/") -> Any:
    """Returns the response to a batch request."""
    return call(person, method, path, {"memories": items})


@PATHS
def test_memories_are_updated_together(alice: Person, path: str) -> None:
    tea, milk, other = keep(alice, "Likes tea"), keep(alice, "Likes milk", metadata={"a": 1}), keep(alice, "Likes air")
    items = [
        {"memory_id": tea, "text": "Likes coffee", "metadata": {"b": 2}},
        {"memory_id": milk, "metadata": {"c": 3}},
    ]
    assert ok(batch(alice, "PUT", items, path)) == {"message": "Successfully updated 2 memories"}
    changed, kept = memory(alice, tea), memory(alice, milk)
    assert (changed["memory"], changed["metadata"]) == ("Likes coffee", {"b": 2})
    assert (kept["memory"], kept["metadata"]) == ("Likes milk", {"c": 3})
    assert [entry["event"] for entry in history(alice, tea)] == ["ADD", "UPDATE"]
    assert [entry["event"] for entry in history(alice, milk)] == ["ADD"]
    assert memory(alice, other)["memory"] == "Likes air"


def test_what_was_updated_is_found_by_its_new_text_and_the_rest_as_before(alice: Person) -> None:
    pet, milk = keep(alice, "Has a big dog called Rexus"), keep(alice, "Drinks oat milk in the morning")
    ok(batch(alice, "PUT", [{"memory_id": pet, "text": "Plays chess"}, {"memory_id": milk, "metadata": {"a": 1}}]))
    assert search(alice, "chess")[0]["id"] == pet
    assert search(alice, "oat milk")[0]["id"] == milk
    assert search(alice, "oat milk")[0]["score_breakdown"]["semantic"] > 0
    assert search(alice, "Rexus", threshold=0.5) == []


@pytest.mark.parametrize(
    "body",
    [
        lambda one: {"memories": [{"memory_id": one, **EDIT}]},
        lambda one: {"memories": [{"memoryId": one, "message": "Likes coffee"}]},
        lambda one: {"memory_ids": [{"memory_id": one, **EDIT}]},
        lambda one: {"memoryIds": [{"memoryId": one, **EDIT, "unknown": 1}], "source": "CLI"},
        lambda one: {"memories": [{"memory_id": one, **EDIT, "metadata": None, "message": ""}], "memory_ids": None},
    ],
)
def test_an_update_is_understood_in_every_form(alice: Person, body: Callable[[str], Json]) -> None:
    kept = keep(alice, "Likes tea", metadata={"a": 1})
    answer = ok(call(alice, "PUT", "/v1/batch/", body(kept)))
    assert answer == {"message": "Successfully updated 1 memories"}
    assert (memory(alice, kept)["memory"], memory(alice, kept)["metadata"]) == ("Likes coffee", {"a": 1})


@PATHS
def test_memories_are_deleted_together(alice: Person, path: str) -> None:
    one, two = keep(alice, "Rexus one"), keep(alice, "Rexus two")
    keep(alice, "three")
    items = [{"memory_id": one}, {"memory_id": two}]
    assert ok(batch(alice, "DELETE", items, path)) == {"message": "Successfully deleted 2 memories"}
    assert texts(alice) == ["three"]
    assert tables_with("rexus") == {"message"}
    assert [entry["event"] for entry in history(alice, one)] == ["ADD", "DELETE"]


@pytest.mark.parametrize(
    "body",
    [
        lambda one: {"memories": [{"memoryId": one}]},
        lambda one: {"memories": [one]},
        lambda one: {"memory_ids": [one]},
        lambda one: {"memory_ids": [{"memory_id": one}]},
        lambda one: {"memoryIds": [one], "memories": None},
    ],
)
def test_a_deletion_is_understood_in_every_form(alice: Person, body: Callable[[str], Json]) -> None:
    answer = ok(call(alice, "DELETE", "/v1/batch/", body(keep(alice, "Likes tea"))))
    assert answer == {"message": "Successfully deleted 1 memories"}
    assert texts(alice) == []


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_one_that_is_unknown_or_somebody_elses_leaves_all_as_they_were(alice: Person, bob: Person, method: str) -> None:
    mine, theirs = keep(alice, "Likes tea"), keep(bob, "Likes milk")
    gone = keep(alice, "Likes air")
    call(alice, "DELETE", f"/v1/memories/{gone}/")
    for other in (NOBODYS_ID, theirs, gone):
        response = batch(alice, method, [{"memory_id": mine, **EDIT}, {"memory_id": other, **EDIT}])
        assert response.status_code == 404
        assert (response.json()["error"], response.json()["memory_ids"]) == ("Memory not found!", [other])
    assert (texts(alice), texts(bob)) == (["Likes tea"], ["Likes milk"])
    assert len(history(alice, mine)) == 1


def test_an_immutable_memory_refuses_the_whole_update_but_can_be_deleted(alice: Person) -> None:
    plain, immutable = keep(alice, "Likes tea"), keep(alice, "Likes milk", immutable=True)
    items = [{"memory_id": plain, **EDIT}, {"memory_id": immutable, **EDIT}]
    response = batch(alice, "PUT", items)
    assert response.status_code == 400
    assert "immutable" in response.json()["detail"]
    assert sorted(texts(alice)) == ["Likes milk", "Likes tea"]
    ok(batch(alice, "DELETE", items))
    assert texts(alice) == []


def test_of_a_memory_that_is_named_twice_the_later_values_count(alice: Person) -> None:
    kept = keep(alice, "Likes tea")
    items = [
        {"memory_id": kept, "text": "Likes milk", "metadata": {"a": 1}},
        {"memory_id": kept.upper(), "text": "Likes coffee"},
    ]
    assert ok(batch(alice, "PUT", items))["message"] == "Successfully updated 1 memories"
    assert (memory(alice, kept)["memory"], memory(alice, kept)["metadata"]) == ("Likes coffee", {"a": 1})
    assert len(history(alice, kept)) == 2
    assert ok(batch(alice, "DELETE", items))["message"] == "Successfully deleted 1 memories"


@pytest.mark.parametrize(("method", "done"), [("PUT", "updated"), ("DELETE", "deleted")])
def test_more_than_a_thousand_are_refused_in_the_words_that_clients_know(alice: Person, method: str, done: str) -> None:
    kept = keep(alice, "Likes tea")
    response = batch(alice, method, [{"memory_id": kept, **EDIT}] * 1001)
    assert response.status_code == 400
    assert response.json()["error"] == f"Maximum of 1000 memories can be {done} in a single request"
    assert texts(alice) == ["Likes tea"]
    assert batch(alice, method, [{"memory_id": kept, **EDIT}] * 1000).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("items", [None, [], {}, "x", 7, [[]], [None], [{}], [{"text": "x"}]])
def test_a_batch_of_nothing_or_of_no_memories_is_refused(alice: Person, method: str, items: Any) -> None:
    response = batch(alice, method, items)
    assert response.status_code == 400
    assert isinstance(response.json()["detail"], str)


@pytest.mark.parametrize("memory_id", ["not-a-uuid", 7, None, ["x"], {"a": 1}, "", True])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_an_id_that_is_none_is_named_as_such(alice: Person, method: str, memory_id: Any) -> None:
    response = batch(alice, method, [{"memory_id": memory_id, **EDIT}])
    assert (response.status_code, response.json()["error"]) == (400, "memory_id should be a valid UUID")


@pytest.mark.parametrize(
    "change", [{}, {"text": " "}, {"text": "x" * 10_001}, {"text": {}}, {"metadata": "x"}, {"timestamp": "soon"}]
)
def test_one_bad_change_leaves_all_as_they_were(alice: Person, change: Json) -> None:
    good, bad = keep(alice, "Likes tea"), keep(alice, "Likes milk")
    response = batch(alice, "PUT", [{"memory_id": good, **EDIT}, {"memory_id": bad, **change}])
    assert response.status_code == 400
    assert isinstance(response.json()["detail"], str)
    assert sorted(texts(alice)) == ["Likes milk", "Likes tea"]


def test_a_large_batch_takes_few_statements(alice: Person) -> None:
    kept = [keep(alice, f"Number {number}") for number in range(20)]
    with CaptureQueriesContext(connection) as one:
        ok(batch(alice, "PUT", [{"memory_id": kept[0], "text": "Changed 0"}]))
    with CaptureQueriesContext(connection) as all_of_them:
        ok(batch(alice, "PUT", [{"memory_id": each, "text": f"Changed {each}"} for each in kept]))
    assert len(all_of_them) == len(one)


def test_a_key_that_may_only_read_changes_nothing(alice: Person) -> None:
    items = [{"memory_id": keep(alice, "Likes tea"), **EDIT}]
    reader = with_scopes(alice, "memories:read")
    for method in ("PUT", "DELETE"):
        response = reader.generic(method, "/v1/batch/", json.dumps({"memories": items}), "application/json")
        assert response.status_code == 403
    assert texts(alice) == ["Likes tea"]
