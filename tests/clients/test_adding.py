import time
from datetime import UTC, datetime

import pytest

from tests.clients.driver import Client
from tests.clients.server import Server
from tests.clients.steps import remember, texts_of

MESSAGES = [
    {"role": "user", "content": "Hi, I live in Lisbon."},
    {"role": "assistant", "content": "A lovely city!"},
]


def test_a_client_learns_at_once_whose_key_it_has(client: Client, server: Server) -> None:
    assert client.identity == {"org_id": server.org_id, "project_id": server.project_id}


@pytest.mark.parametrize("client", ["JavaScript"], indirect=True)
def test_a_ping_accepts_the_key(client: Client) -> None:
    assert client.ping() is None


def test_an_add_is_remembered_soon(client: Client, user: str) -> None:
    accepted = client.add(MESSAGES, user_id=user)

    assert accepted["status"] in {"PENDING", "SUCCEEDED"}
    assert accepted["event_id"]
    deadline = time.monotonic() + 30
    while not (found := client.get_all(filters={"user_id": user}))["results"] and time.monotonic() < deadline:
        time.sleep(0.2)
    assert texts_of(found) == ["Lives in Lisbon"]


def test_a_synchronous_add_answers_with_its_memories(client: Client, user: str) -> None:
    done = client.add(MESSAGES, user_id=user, async_mode=False)

    assert done["status"] == "SUCCEEDED"
    assert [(item["event"], item["memory"]) for item in done["results"]] == [("ADD", "Lives in Lisbon")]


def test_a_verbatim_add_stores_every_message_as_it_is(client: Client, user: str) -> None:
    done = client.add(MESSAGES, user_id=user, infer=False)

    assert done["status"] == "SUCCEEDED"
    assert [item["data"]["memory"] for item in done["results"]] == [message["content"] for message in MESSAGES]


def test_one_string_is_a_message_of_the_user(client: Client, user: str) -> None:
    done = client.add("I live in Lisbon.", user_id=user, async_mode=False)

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
    assert [memory[name] for name in ("user_id", "agent_id", "app_id", "run_id")] == [
        user,
        "a waiter",
        "a café",
        "a visit",
    ]
