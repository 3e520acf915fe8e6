"""Users, agents, apps and runs: the list, one of them, their erasure and registration (contract.md §6)."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loci.tenancy.context import tenant_tx
from memories.models import Entity
from tests.conftest import Person
from tests.memories.support import Json, call, delete, event, get, keep, listed, memory, texts

USER, AGENT = {"user_id": "alex"}, {"agent_id": "helper", "name": "The helper"}


def named(person: Person, name: str = "alex", kind: str = "user") -> Any:
    """Returns the entity object of the list."""
    (row,) = [row for row in get(person, "/v1/entities/")["results"] if (row["type"], row["name"]) == (kind, name)]
    return row


def register(person: Person, path: str, body: Json, **headers: str) -> Any:
    """Returns what a registration answers with."""
    response = call(person, "POST", path, body, **headers)
    assert response.status_code == 201, response.content
    return response.json()


def test_entities_are_listed_as_soon_as_they_have_a_memory(alice: Person, bob: Person) -> None:
    keep(alice, "one", agent_id="helper")
    keep(alice, "two", run_id="r1")
    keep(bob, "three", user_id="somebody else")
    page = get(alice, "/v1/entities/")
    assert (page["count"], page["next"], page["previous"]) == (3, None, None)
    assert {(row["type"], row["name"], row["total_memories"]) for row in page["results"]} == {
        ("user", "alex", 2),
        ("agent", "helper", 1),
        ("run", "r1", 1),
    }
    totals = {name: page[name] for name in ("total_users", "total_agents", "total_apps", "total_runs")}
    assert totals == {"total_users": 1, "total_agents": 1, "total_apps": 0, "total_runs": 1}


def test_an_entity_object_has_what_clients_read(alice: Person) -> None:
    keep(alice, "one")
    row = named(alice)
    assert row["id"].isdecimal()
    assert (row["owner"], row["organization"], row["metadata"]) == (alice.email, f"{alice.email}'s", {})
    assert row["created_at"].endswith("+00:00")
    assert row["updated_at"].endswith("+00:00")


def test_entities_come_in_pages(alice: Person) -> None:
    for number in range(3):
        keep(alice, "x", user_id=f"user {number}")
    page = get(alice, "/v1/entities/?page=2&page_size=2")
    assert (page["count"], [row["name"] for row in page["results"]]) == (3, ["user 2"])
    assert call(alice, "GET", "/v1/entities/?page=3&page_size=2").status_code == 404


def test_a_page_holds_1000_so_that_clients_erase_that_many_at_once(alice: Person) -> None:
    with tenant_tx(alice.tenant):
        Entity.objects.bulk_create(Entity(type=kind, name=f"{n}") for n in range(501) for kind in ("user", "run"))
    page = get(alice, "/v1/entities/")
    assert (page["count"], len(page["results"])) == (1002, 1000)
    assert page["next"].endswith("/v1/entities/?page=2&page_size=1000")
    with CaptureQueriesContext(connection) as of_two:
        get(alice, "/v1/entities/?page_size=2")
    with CaptureQueriesContext(connection) as of_all:
        get(alice, "/v1/entities/")
    assert len(of_all) == len(of_two)


def test_the_type_matters(alice: Person) -> None:
    keep(alice, "by the user", user_id="x")
    keep(alice, "by the agent", user_id=None, agent_id="x")
    delete(alice, "/v2/entities/agent/x/")
    assert texts(alice, {"OR": [{"user_id": "x"}, {"agent_id": "x"}]}) == ["by the user"]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_an_unknown_type_is_refused_in_the_hosted_words(alice: Person, version: str) -> None:
    for method in ("GET", "DELETE"):
        response = call(alice, method, f"/{version}/entities/planet/1/")
        assert (response.status_code, response.json()["message"]) == (400, "Invalid entity type")


def test_older_clients_erase_by_the_number_in_the_list(alice: Person) -> None:
    keep(alice, "gone")
    keep(alice, "kept", user_id="blake")
    answer = delete(alice, f"/v1/entities/user/{named(alice)['id']}/")
    assert answer["message"] == "Delete in progress. This may take some time."
    assert event(alice, answer["event_id"])["status"] == "SUCCEEDED"
    assert texts(alice, {"user_id": "*"}) == ["kept"]


@pytest.mark.parametrize("number", ["0", "-1", "99", "9" * 18, "9" * 19, "9" * 400])
def test_the_erasure_of_an_unknown_number_succeeds_and_does_nothing(alice: Person, number: str) -> None:
    keep(alice, "kept")
    answer = delete(alice, f"/v1/entities/user/{number}/")
    assert event(alice, answer["event_id"])["status"] == "SUCCEEDED"
    assert texts(alice) == ["kept"]


def test_a_number_is_of_one_type(alice: Person) -> None:
    keep(alice, "kept")
    delete(alice, f"/v1/entities/agent/{named(alice)['id']}/")
    assert texts(alice) == ["kept"]


@pytest.mark.parametrize("word", ["alex", "[object%20Object]", "1.0", "%C2%B2", "1a", "1/2", "0x1", "--1", "-"])
def test_what_is_no_number_is_refused_in_the_hosted_words(alice: Person, word: str) -> None:
    response = call(alice, "DELETE", f"/v1/entities/user/{word}/")
    assert (response.status_code, response.json()["error"]) == (400, "Invalid entity ID. Must be an integer.")


def test_one_entity_is_a_list_of_its_object(alice: Person) -> None:
    keep(alice, "one")
    row = named(alice)
    for path in ("/v2/entities/user/alex/", "/v1/entities/user/alex/", f"/v1/entities/user/{row['id']}"):
        assert get(alice, path) == [row], path


def test_a_name_that_looks_like_a_number_hides_nobody(alice: Person) -> None:
    keep(alice, "one")
    number = named(alice)["id"]
    keep(alice, "two", user_id=number)
    assert [row["name"] for row in get(alice, f"/v1/entities/user/{number}/")] == ["alex", number]
    assert [row["name"] for row in get(alice, f"/v2/entities/user/{number}/")] == [number]


@pytest.mark.parametrize("path", ["/v2/entities/user/nobody/", "/v1/entities/user/nobody/", "/v1/entities/user/999/"])
def test_an_unknown_entity_is_not_found(alice: Person, path: str) -> None:
    assert call(alice, "GET", path).status_code == 404


def test_a_user_is_registered(alice: Person) -> None:
    answer = register(alice, "/v1/users/", {**USER, "metadata": {"plan": "pro"}})
    row = named(alice)
    assert answer == {
        "id": int(row["id"]),
        "user_id": "alex",
        "metadata": {"plan": "pro"},
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "graph_entities": None,
        "is_deleted": False,
        "project": answer["project"],
    }
    assert isinstance(answer["project"], int)
    assert (row["metadata"], row["total_memories"]) == ({"plan": "pro"}, 0)


@pytest.mark.parametrize("kind", ["agent", "app", "run"])
def test_the_others_have_a_name_of_their_own(alice: Person, kind: str) -> None:
    answer = register(alice, f"/v1/{kind}s/", {f"{kind}Id": "x1", "name": "Number one"})
    assert (answer[f"{kind}_id"], answer["name"], answer["metadata"]) == ("x1", "Number one", {})
    assert named(alice, "x1", kind)["display_name"] == "Number one"


def test_what_is_registered_again_gets_what_is_given_and_keeps_the_rest(alice: Person) -> None:
    keep(alice, "one", agent_id="helper")
    before = named(alice, "helper", "agent")
    register(alice, "/v1/agents/", {**AGENT, "metadata": {"a": 1}})
    answer = register(alice, "/v1/agents/", {**AGENT, "name": "Another", "metadata": None})
    assert (str(answer["id"]), answer["name"], answer["metadata"]) == (before["id"], "Another", {"a": 1})
    register(alice, "/v1/agents/", {**AGENT, "metadata": {}})
    after = named(alice, "helper", "agent")
    assert (after["metadata"], after["total_memories"]) == ({}, 1)
    assert after["updated_at"] > before["updated_at"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/users/", {}, "user_id"),
        ("/v1/users/", {"user_id": "*"}, "user_id"),
        ("/v1/users/", {"user_id": "x" * 257}, "user_id"),
        ("/v1/users/", {"user_id": "alex", "metadata": "text"}, "metadata"),
        ("/v1/agents/", {"agent_id": "helper"}, "name"),
        ("/v1/agents/", {"agent_id": "helper", "name": "x" * 257}, "name"),
        ("/v1/runs/", {"name": "helper", "user_id": "alex"}, "run_id"),
    ],
)
def test_a_registration_that_cannot_be_kept_names_its_field(alice: Person, path: str, body: Json, field: str) -> None:
    response = call(alice, "POST", path, body)
    assert (response.status_code, field in response.json()) == (400, True)
    assert get(alice, "/v1/entities/")["count"] == 0


def test_a_repeated_registration_gets_its_first_answer(alice: Person) -> None:
    key = {"idempotency-key": "one"}
    first, again = (call(alice, "POST", "/v1/users/", USER, **key) for _ in range(2))
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again["Idempotent-Replayed"] == "true"


def test_an_erasure_leaves_nothing_of_a_registration(alice: Person) -> None:
    key = {"idempotency-key": "one"}
    body = {**AGENT, "metadata": {"secret": "likes liver"}}
    register(alice, "/v1/agents/", body, **key)
    delete(alice, "/v2/entities/agent/helper/")
    assert get(alice, "/v1/entities/")["count"] == 0
    repeated = call(alice, "POST", "/v1/agents/", body, **key)
    assert (repeated.status_code, b"liver" in repeated.content) == (410, False)


def test_a_repeated_erasure_gets_its_first_answer_and_erases_nothing_new(alice: Person) -> None:
    key = {"idempotency-key": "one"}
    keep(alice, "gone")
    first = call(alice, "DELETE", "/v2/entities/user/alex/", None, **key)
    kept = keep(alice, "kept")
    again = call(alice, "DELETE", "/v2/entities/user/alex/", None, **key)
    assert (first.status_code, again.content) == (200, first.content)
    assert memory(alice, kept)["memory"] == "kept"


def test_a_key_is_of_one_address_with_its_query(alice: Person) -> None:
    key = {"idempotency-key": "one"}
    assert call(alice, "DELETE", "/v2/entities/user/a?b/", None, **key).status_code == 200
    assert call(alice, "DELETE", "/v2/entities/user/a?c/", None, **key).status_code == 409


def test_what_can_be_filtered_by_comes_from_the_project(alice: Person, bob: Person) -> None:
    keep(alice, "one", agent_id="helper")
    keep(bob, "two", user_id="somebody else")
    found = get(alice, "/v1/entities/filters/")
    assert found["users"] == ["alex"]
    assert found["event_type"][:2] == ["ADD", "UPDATE"]
    assert found["categories"] == sorted({name for row in listed(alice) for name in row["categories"] or []})
    fields = {field["name"]: field for field in found["parameters"]}
    assert fields["agent_id"]["options"] == [{"value": "helper", "label": "helper"}]
    assert all({"name", "label", "type", "placeholder", "options"} == set(field) for field in fields.values())
