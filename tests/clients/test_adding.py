import time
from datetime import UTC, datetime
from typing import Any

from tests.clients.driver import Client
from tests.clients.releases import JAVASCRIPT, RELEASES, V1, V2, V3, only
from tests.clients.steps import items_of, listed, remember, texts_of

MESSAGES = [
    {"role": "user", "content": "Hi, I live in Lisbon."},
    {"role": "assistant", "content": "A lovely city!"},
]
BARE_LISTS = [release for release in V1 if release in JAVASCRIPT or str(release) == "Python 0.1.92 asyncio"]
"""They ask for no output format; the other releases before 2.0 always ask for v1.1."""
OBJECTS = [release for release in [*V1, *V2] if release not in BARE_LISTS]


def is_queued_or_done(item: dict[str, Any]) -> bool:
    return {"status", "event_id"} <= set(item) or {"id", "event", "memory"} <= set(item)


def test_an_add_is_remembered_soon(client: Client, user: str) -> None:
    client.add(MESSAGES, user_id=user)

    deadline = time.monotonic() + 120
    while not (found := listed(client, user_id=user)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert found == ["Lives in Lisbon"]


@only(V3)
def test_an_add_answers_with_its_event(client: Client, user: str) -> None:
    accepted = client.add(MESSAGES, user_id=user)

    assert accepted["status"] in {"PENDING", "SUCCEEDED"}
    assert accepted["event_id"]


@only(OBJECTS)
def test_an_add_before_2_0_answers_with_results_and_relations(client: Client, user: str) -> None:
    accepted = client.add(MESSAGES, user_id=user)

    assert accepted["relations"] == []
    assert [is_queued_or_done(item) for item in accepted["results"]] == [True]


@only(BARE_LISTS)
def test_the_oldest_adds_answer_with_a_bare_list(client: Client, user: str) -> None:
    accepted = client.add(MESSAGES, user_id=user)

    assert [is_queued_or_done(item) for item in accepted] == [True]


@only(BARE_LISTS)
def test_the_oldest_adds_may_ask_for_an_object(client: Client, user: str) -> None:
    done = client.add(MESSAGES, user_id=user, async_mode=False, output_format="v1.1")

    assert (texts_of(done), done["relations"]) == (["Lives in Lisbon"], [])


def test_a_synchronous_add_answers_with_its_memories(client: Client, user: str) -> None:
    done = client.add(MESSAGES, user_id=user, async_mode=False)

    assert [(item["event"], item["memory"]) for item in items_of(done)] == [("ADD", "Lives in Lisbon")]


@only(V3)
def test_a_synchronous_add_says_that_it_is_done(client: Client, user: str) -> None:
    assert client.add(MESSAGES, user_id=user, async_mode=False)["status"] == "SUCCEEDED"


def test_a_verbatim_add_stores_every_message_as_it_is(client: Client, user: str) -> None:
    done = client.add(MESSAGES, user_id=user, infer=False)

    assert [item["data"]["memory"] for item in items_of(done)] == [message["content"] for message in MESSAGES]


def test_one_string_is_a_message_of_the_user(client: Client, user: str) -> None:
    done = client.add("I live in Lisbon.", user_id=user, async_mode=False)

    assert texts_of(done) == ["Lives in Lisbon"]


@only([release for release in RELEASES if release.version != "0.1.92"])
def test_one_message_needs_no_list(client: Client, user: str) -> None:
    done = client.add(MESSAGES[0], user_id=user, async_mode=False)

    assert texts_of(done) == ["Lives in Lisbon"]


def test_metadata_stays_with_the_memory(client: Client, user: str) -> None:
    memory_id = remember(
        client, user, "Prefers aisle seats", metadata={"source": "booking", "nested": {"camelCase": 1}}
    )

    assert client.get(memory_id)["metadata"] == {"source": "booking", "nested": {"camelCase": 1}}


def test_a_timestamp_back_dates_the_memory(client: Client, user: str) -> None:
    memory_id = remember(client, user, "Moved house", timestamp=1_700_000_000)

    created = datetime.fromisoformat(client.get(memory_id)["created_at"])
    assert created == datetime.fromtimestamp(1_700_000_000, UTC)


def test_the_other_entities_are_kept_with_the_memory(client: Client, user: str) -> None:
    memory_id = remember(client, user, "Likes tea", agent_id="a waiter", app_id="a café", run_id="a visit")

    memory = client.get(memory_id)
    names = ("user_id", "agent_id", "app_id", "run_id", "session_id")
    assert [memory[name] for name in names] == [user, "a waiter", "a café", "a visit", "a visit"]
