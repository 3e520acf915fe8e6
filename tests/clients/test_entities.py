import pytest

from tests.clients.driver import Client, ClientError
from tests.clients.steps import remember, texts_of

PYTHON = pytest.mark.parametrize("client", ["MemoryClient", "AsyncMemoryClient"], indirect=True)


def names_of(client: Client) -> set[tuple[str, str]]:
    return {(entity["type"], entity["name"]) for entity in client.users()["results"]}


def test_users_lists_every_entity_that_has_memories(client: Client, user: str) -> None:
    remember(client, user, "Likes tea", agent_id=f"waiter of {user}")

    assert {("user", user), ("agent", f"waiter of {user}")} <= names_of(client)


@pytest.mark.parametrize("name", ["50% off?", "a/b", "josé@example.com", "#1 + 1"])
def test_delete_users_deletes_one_entity_and_its_memories_whatever_its_name(
    client: Client, user: str, name: str
) -> None:
    remember(client, f"{user} {name}", "Likes tea")
    remember(client, user, "Likes cake")

    assert client.delete_users(user_id=f"{user} {name}") == {"message": "Entity deleted successfully."}
    assert ("user", f"{user} {name}") not in names_of(client)
    assert texts_of(client.get_all(filters={"user_id": f"{user} {name}"})) == []
    assert texts_of(client.get_all(filters={"user_id": user})) == ["Likes cake"]


def test_delete_users_without_a_name_deletes_them_all(client: Client, user: str) -> None:
    memory_id = remember(client, user, "Likes tea", agent_id="waiter")

    client.delete_users()

    assert names_of(client) == set()
    with pytest.raises(ClientError, match="MemoryNotFoundError"):
        client.get(memory_id)


@PYTHON
def test_reset_forgets_everything(client: Client, user: str) -> None:
    remember(client, user, "Likes tea")

    client.reset()

    assert names_of(client) == set()
    assert client.get_all(filters={"user_id": user})["results"] == []
