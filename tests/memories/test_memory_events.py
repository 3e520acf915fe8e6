"""The project's history, and the memories of an entity with what they came from (contract.md §5.14, §5.15)."""

from typing import Any
from urllib.parse import quote

import pytest

from loci.tenancy.context import org_tx
from orgs.models import Project
from tests.conftest import Person
from tests.fakes.llm import FakeLLM
from tests.memories.support import (
    Json,
    add,
    call,
    delete,
    fact,
    facts,
    get,
    history,
    keep,
    memory,
    put,
    queue,
    relation,
    scripted_add,
)

EVENTS = "/v1/memories/events/"


def test_the_history_of_the_project_is_that_of_its_memories_newest_first(alice: Person) -> None:
    tea = keep(alice, "Likes tea", metadata={"a": 1})
    air = keep(alice, "Likes air", user_id="blake")
    put(alice, tea, text="Likes coffee")
    delete(alice, f"/v1/memories/{air}/")
    page = get(alice, EVENTS)
    assert (page["count"], page["next"], page["previous"]) == (4, None, None)
    assert [(entry["memory_id"], entry["event"]) for entry in page["results"]] == [
        (air, "DELETE"),
        (tea, "UPDATE"),
        (air, "ADD"),
        (tea, "ADD"),
    ]
    of_memories = [*history(alice, tea), *history(alice, air)]
    assert sorted(page["results"], key=lambda entry: entry["id"]) == sorted(of_memories, key=lambda entry: entry["id"])
    assert " air" not in str(page)


def changes(page: Json) -> list[tuple[Any, Any]]:
    return [(entry["old_memory"], entry["new_memory"]) for entry in page["results"]]


@pytest.mark.parametrize("size", ["limit=2", "page_size=2"])
def test_pages_of_the_history_know_what_was_said_on_the_page_before(alice: Person, size: str) -> None:
    kept = keep(alice, "one")
    for text in ("two", "three", "four"):
        put(alice, kept, text=text)
    first = get(alice, f"{EVENTS}?{size}")
    assert changes(first) == [("three", "four"), ("two", "three")]
    assert first["count"] == 4
    second = get(alice, first["next"].removeprefix("http://127.0.0.1:8000"))
    assert [(entry["old_memory"], entry["new_memory"]) for entry in second["results"]] == [
        ("one", "two"),
        (None, "one"),
    ]
    assert second["next"] is None


def test_a_page_of_the_history_that_does_not_exist_is_not_found(alice: Person) -> None:
    keep(alice, "Likes tea")
    response = call(alice, "GET", f"{EVENTS}?page=2")
    assert (response.status_code, response.json()["detail"]) == (404, "Invalid page.")
    assert call(alice, "GET", f"{EVENTS}?limit=0").status_code == 400
    assert call(alice, "GET", f"{EVENTS}?limit=x").status_code == 400


def test_a_page_of_the_history_repeats_no_whole_conversation(alice: Person) -> None:
    messages = [{"role": "user", "content": f"Likes number {number}"} for number in range(3)]
    add(alice, messages, infer=False)
    entries = get(alice, EVENTS)["results"]
    assert sorted((entry["input"] for entry in entries), key=str) == [[message] for message in messages]
    assert history(alice, entries[0]["memory_id"])[0]["input"] == messages


def test_another_project_has_another_history(alice: Person, bob: Person) -> None:
    keep(alice, "Likes tea")
    assert get(bob, EVENTS)["count"] == 0


def of_entity(person: Person, kind: str, name: str) -> Any:
    return get(person, f"/v1/memories/{kind}/{name}/")


def test_an_entitys_memories_come_with_their_messages(alice: Person, llm: FakeLLM) -> None:
    llm.script(facts(fact("Has a dog", sources=[0]), fact("Has a cat", sources=[2])))
    messages = [
        {"role": "user", "content": "I have a dog."},
        {"role": "assistant", "content": "Nice!"},
        {"role": "user", "content": "And a cat."},
    ]
    dog, cat = (result["id"] for result in add(alice, messages, metadata={"a": 1})["results"])
    put(alice, cat, text="Has a black cat")
    keep(alice, "Likes tea", user_id="blake")
    page = of_entity(alice, "user", "alex")
    assert (page["count"], page["next"], page["previous"]) == (2, None, None)
    rows = {row.pop("id"): row for row in page["results"]}
    shown = memory(alice, cat)
    assert rows[cat] == {
        **{name: shown[name] for name in ("memory", "metadata", "categories", "created_at", "updated_at")},
        "input": [{"role": "user", "content": "And a cat."}],
        "is_updated": True,
    }
    assert rows[dog]["input"] == [{"role": "user", "content": "I have a dog."}]
    assert rows[dog]["is_updated"] is False


def test_expired_and_superseded_memories_are_not_listed(alice: Person, llm: FakeLLM) -> None:
    keep(alice, "Likes tea", expiration_date="2020-01-01")
    keep(alice, "Is looking for a flat")
    scripted_add(alice, llm, fact("Has found a flat", **relation("replaces")))
    assert [row["memory"] for row in of_entity(alice, "user", "alex")["results"]] == ["Has found a flat"]
    assert alice.tenant.org_id
    with org_tx(alice.tenant.org_id):
        Project.objects.filter(id=alice.tenant.project_id).update(shows_superseded=True)
    assert of_entity(alice, "user", "alex")["count"] == 2


@pytest.mark.parametrize("kind", ["user", "agent", "app", "run"])
def test_an_entity_may_have_any_name(alice: Person, kind: str) -> None:
    names = ["a/b", "a/b/", "history", "a/history", "a?b", "a b", "a%2Fb", "100%", "søren", "记忆", "events", "☃/?#&="]
    for name in names:
        keep(alice, f"Likes {name}", **{"user_id": None, f"{kind}_id": name})
    for name in names:
        for encoded in {quote(name, safe=""), quote(name)}:
            page = of_entity(alice, kind, encoded)
            assert [row["memory"] for row in page["results"]] == [f"Likes {name}"], encoded


def test_an_unknown_entity_has_no_memories(alice: Person, bob: Person) -> None:
    keep(bob, "Likes tea")
    assert of_entity(alice, "user", "alex") == {"count": 0, "next": None, "previous": None, "results": []}


def test_pages_of_an_entity_have_a_hundred_memories(alice: Person) -> None:
    add(alice, [{"role": "user", "content": f"Likes number {number}"} for number in range(101)], infer=False)
    page = of_entity(alice, "user", "alex")
    assert (page["count"], len(page["results"])) == (101, 100)
    assert page["next"].endswith("/v1/memories/user/alex/?page=2&page_size=100")
    assert len(get(alice, "/v1/memories/user/alex/?page=2")["results"]) == 1
    response = call(alice, "GET", "/v1/memories/user/alex/?page=3")
    assert (response.status_code, response.json()["detail"]) == (404, "Invalid page.")


@pytest.mark.parametrize("kind", ["users", "User", "entity", "not-a-uuid"])
def test_another_type_is_refused(alice: Person, kind: str) -> None:
    response = call(alice, "GET", f"/v1/memories/{kind}/alex/")
    assert (response.status_code, response.json()["error"]) == (400, "Invalid entity type")


@pytest.mark.parametrize("word", ["user", "events2", "BATCH"])
def test_a_single_word_is_an_id_that_is_none(alice: Person, word: str) -> None:
    response = call(alice, "GET", f"/v1/memories/{word}/")
    assert (response.status_code, response.json()["error"]) == (400, "memory_id should be a valid UUID")


def test_pending_adds_show_nothing(alice: Person) -> None:
    queue(alice, "I like tea.")
    assert get(alice, EVENTS)["count"] == of_entity(alice, "user", "alex")["count"] == 0
