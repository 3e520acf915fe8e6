import pytest

from tests.clients.driver import Client, ClientError
from tests.clients.steps import remember, texts_of


def test_a_memory_is_found_by_its_id(client: Client, user: str) -> None:
    memory_id = remember(client, user, "Likes tea")

    memory = client.get(memory_id)
    assert [memory["id"], memory["memory"], memory["user_id"]] == [memory_id, "Likes tea", user]


def test_an_update_changes_the_text(client: Client, user: str) -> None:
    memory_id = remember(client, user, "Likes tea")

    assert client.update(memory_id, text="Likes green tea")["memory"] == "Likes green tea"
    assert client.get(memory_id)["memory"] == "Likes green tea"


def test_an_update_replaces_the_metadata(client: Client, user: str) -> None:
    memory_id = remember(client, user, "Likes tea", metadata={"old": 1})

    client.update(memory_id, metadata={"new": 2})

    assert client.get(memory_id)["metadata"] == {"new": 2}


def test_an_update_to_none_clears_the_expiration_date(client: Client, user: str) -> None:
    memory_id = remember(client, user, "Is on holiday", expiration_date="2099-12-31")
    before = client.get(memory_id)

    client.update(memory_id, expiration_date=None)

    assert [before["expiration_date"], client.get(memory_id)["expiration_date"]] == ["2099-12-31", None]


def test_the_history_tells_how_the_text_came_about(client: Client, user: str) -> None:
    memory_id = remember(client, user, "Likes tea")
    client.update(memory_id, text="Likes coffee")

    history = client.history(memory_id)

    assert [(entry["event"], entry["old_memory"], entry["new_memory"]) for entry in history] == [
        ("ADD", None, "Likes tea"),
        ("UPDATE", "Likes tea", "Likes coffee"),
    ]


def test_a_deleted_memory_is_gone(client: Client, user: str) -> None:
    memory_id = remember(client, user, "Likes tea")

    assert client.delete(memory_id) == {"message": "Memory deleted successfully!"}
    with pytest.raises(ClientError, match="MemoryNotFoundError"):
        client.get(memory_id)


def test_delete_all_deletes_what_all_filters_find_and_nothing_else(client: Client, user: str) -> None:
    remember(client, user, "Likes tea", run_id="a visit")
    remember(client, user, "Likes cake")

    assert client.delete_all(user_id=user, run_id="a visit")["message"]
    assert texts_of(client.get_all(filters={"user_id": user})) == ["Likes cake"]
