from datetime import UTC, datetime
from uuid import uuid4

import pytest

from tests.clients.driver import Client
from tests.clients.releases import PYTHON, RELEASES, V3, of_version, only
from tests.clients.steps import change_text, listed, refused, remember

WITH_METADATA = [release for release in RELEASES if release.version != "0.1.92"]
WITH_TIMESTAMP = of_version("1.0.11", "2.2.1", "2.4.6", "3.3.1")


def test_a_memory_is_found_by_its_id(client: Client, user: str) -> None:
    memory_id = remember(client, user, "Likes tea")

    memory = client.get(memory_id)
    assert [memory["id"], memory["memory"], memory["user_id"]] == [memory_id, "Likes tea", user]
    assert set(memory) >= {"metadata", "categories", "created_at", "updated_at", "expiration_date", "hash"}


def test_an_update_changes_the_text(client: Client, user: str) -> None:
    memory_id = remember(client, user, "Likes tea")

    updated = change_text(client, memory_id, "Likes green tea")

    assert [updated["id"], updated["memory"], updated["text"]] == [memory_id, "Likes green tea", "Likes green tea"]
    assert client.get(memory_id)["memory"] == "Likes green tea"


@only(WITH_METADATA)
def test_an_update_replaces_the_metadata(client: Client, user: str) -> None:
    memory_id = remember(client, user, "Likes tea", metadata={"old": 1})

    client.update(memory_id, metadata={"new": 2})

    assert client.get(memory_id)["metadata"] == {"new": 2}


@only(WITH_TIMESTAMP)
def test_an_update_moves_the_memory_in_time(client: Client, user: str) -> None:
    memory_id = remember(client, user, "Likes tea")

    client.update(memory_id, timestamp=1_700_000_000)

    created = datetime.fromisoformat(client.get(memory_id)["created_at"])
    assert created == datetime.fromtimestamp(1_700_000_000, UTC)


@only(V3)
def test_an_update_to_none_clears_the_expiration_date(client: Client, user: str) -> None:
    memory_id = remember(client, user, "Is on holiday", expiration_date="2099-12-31")
    before = client.get(memory_id)

    client.update(memory_id, expiration_date=None)

    assert [before["expiration_date"], client.get(memory_id)["expiration_date"]] == ["2099-12-31", None]


def test_the_history_tells_how_the_text_came_about(client: Client, user: str) -> None:
    memory_id = remember(client, user, "Likes tea")
    change_text(client, memory_id, "Likes coffee")

    history = client.history(memory_id)

    assert [(entry["event"], entry["old_memory"], entry["new_memory"]) for entry in history] == [
        ("ADD", None, "Likes tea"),
        ("UPDATE", "Likes tea", "Likes coffee"),
    ]


def test_a_deleted_memory_is_gone(client: Client, user: str) -> None:
    memory_id = remember(client, user, "Likes tea")

    assert client.delete(memory_id) == {"message": "Memory deleted successfully!"}
    with refused(client, "MemoryNotFoundError", "Memory not found!"):
        client.get(memory_id)


@only(V3)
def test_a_memory_is_deleted_with_those_that_it_superseded(client: Client, user: str) -> None:
    memory_id = remember(client, user, "Likes tea")

    deleted = client.delete(memory_id, delete_linked=True)

    assert deleted == {"message": "Memory deleted successfully!", "cascade_count": 0}
    with refused(client, "MemoryNotFoundError", "Memory not found!"):
        client.get(memory_id)


def test_delete_all_deletes_what_all_filters_find_and_nothing_else(client: Client, user: str) -> None:
    remember(client, user, "Likes tea", run_id="a visit")
    remember(client, user, "Likes cake")

    assert client.delete_all(user_id=user, run_id="a visit")["message"]
    assert listed(client, user_id=user) == ["Likes cake"]


@only([release for release in V3 if release in PYTHON])
def test_delete_all_takes_filters(client: Client, user: str) -> None:
    remember(client, user, "Likes tea", run_id="a visit")
    remember(client, user, "Likes cake")

    client.delete_all(filters={"user_id": user, "run_id": "a visit"})

    assert listed(client, user_id=user) == ["Likes cake"]


@pytest.mark.parametrize("method", ["get", "history", "delete"])
def test_an_unknown_id_is_not_found(client: Client, method: str) -> None:
    with refused(client, "MemoryNotFoundError", "Memory not found!"):
        client.call(method, str(uuid4()))


@pytest.mark.parametrize("method", ["get", "history", "delete"])
def test_what_is_no_uuid_is_invalid(client: Client, method: str) -> None:
    with refused(client, "ValidationError", "memory_id should be a valid UUID"):
        client.call(method, "not-a-uuid")


def test_an_update_of_an_unknown_id_is_not_found(client: Client) -> None:
    with refused(client, "MemoryNotFoundError", "Memory not found!"):
        change_text(client, str(uuid4()), "Likes tea")
