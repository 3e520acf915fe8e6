"""Users, agents, apps and runs (contract.md §6)."""

from urllib.parse import quote

from tests.conftest import Person
from tests.memories.support import call, delete, get, keep, texts


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
    assert all(row["id"].isdecimal() and row["metadata"] == {} for row in page["results"])


def test_entities_come_in_pages(alice: Person) -> None:
    for number in range(3):
        keep(alice, "x", user_id=f"user {number}")
    page = get(alice, "/v1/entities/?page=2&page_size=2")
    assert (page["count"], [row["name"] for row in page["results"]]) == (3, ["user 2"])
    assert call(alice, "GET", "/v1/entities/?page=3&page_size=2").status_code == 404


NAMES = ["plain", "a/b", "a b", "what?", "100%", "a%2Fb", "über", "名前", "alex@example.com", "a/b/", "../..", "#1"]
RAW_NAMES = ["a/b", "a b", "alex@example.com", "über"]


def test_an_entity_is_erased_by_any_name(alice: Person) -> None:
    keep(alice, "kept", user_id="somebody else")
    for name in NAMES:
        keep(alice, "gone", user_id=name)
        delete(alice, f"/v2/entities/user/{quote(name, safe='')}/")
        assert texts(alice, {"user_id": "*"}) == ["kept"], name


def test_older_clients_put_the_name_raw_into_the_path(alice: Person) -> None:
    for name in RAW_NAMES:
        keep(alice, "gone", user_id=name)
        delete(alice, f"/v2/entities/user/{name}")
        assert texts(alice, {"user_id": "*"}) == [], name


def test_the_type_matters(alice: Person) -> None:
    keep(alice, "by the user", user_id="x")
    keep(alice, "by the agent", user_id=None, agent_id="x")
    delete(alice, "/v2/entities/agent/x/")
    assert texts(alice, {"OR": [{"user_id": "x"}, {"agent_id": "x"}]}) == ["by the user"]


def test_an_unknown_type_is_refused_in_the_hosted_words(alice: Person) -> None:
    response = call(alice, "DELETE", "/v2/entities/planet/mars/")
    assert (response.status_code, response.json()["message"]) == (400, "Invalid entity type")
