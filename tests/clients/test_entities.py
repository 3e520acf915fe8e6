import pytest

from tests.clients.driver import Client, ClientError
from tests.clients.releases import JAVASCRIPT, PYTHON, RELEASES, of_version, only
from tests.clients.steps import listed, refused, remember

QUOTING = of_version("0.1.92", "2.2.1", "3.3.1")
"""The other releases put a name into the address as it is, where `?` and `#` end it."""


@pytest.fixture(autouse=True)
def _nobody_else(client: Client) -> None:
    """Leaves no entity in the project: clients read one page of them only."""
    while client.users()["results"]:
        client.delete_users()


def names_of(client: Client) -> set[tuple[str, str]]:
    return {(entity["type"], entity["name"]) for entity in client.users()["results"]}


def test_users_lists_every_entity_that_has_memories(client: Client, user: str) -> None:
    remember(client, user, "Likes tea", agent_id="waiter", app_id="café", run_id="visit")

    entities = client.users()

    assert names_of(client) == {("user", user), ("agent", "waiter"), ("app", "café"), ("run", "visit")}
    assert [entities[name] for name in ("count", "next", "previous", "total_users")] == [4, None, None, 1]
    assert {entity["total_memories"] for entity in entities["results"]} == {1}
    assert all(entity["id"].isdecimal() for entity in entities["results"])


@only(of_version("3.3.1"))
def test_users_come_in_pages(client: Client, user: str) -> None:
    remember(client, user, "Likes tea", agent_id="waiter")

    pages = [client.users(page=page, page_size=1) for page in (1, 2)]

    assert [len(page["results"]) for page in pages] == [1, 1]
    assert [pages[0]["count"], pages[0]["previous"], pages[1]["next"]] == [2, None, None]


@pytest.mark.parametrize("name", ["a/b", "josé@example.com", "two words"])
def test_delete_users_deletes_one_entity_and_its_memories(client: Client, name: str) -> None:
    forgets_only(client, name)


@only(QUOTING)
@pytest.mark.parametrize("name", ["50% off?", "#1 + 1", "a%2Fb"])
def test_delete_users_deletes_one_entity_whatever_its_name(client: Client, name: str) -> None:
    forgets_only(client, name)


def forgets_only(client: Client, name: str) -> None:
    remember(client, name, "Likes tea")
    remember(client, "somebody else", "Likes cake")

    assert client.delete_users(user_id=name) == {"message": "Entity deleted successfully."}
    assert names_of(client) == {("user", "somebody else")}
    assert listed(client, user_id=name) == []
    assert listed(client, user_id="somebody else") == ["Likes cake"]


@only(JAVASCRIPT)
def test_delete_user_takes_the_entitys_number(client: Client, user: str) -> None:
    remember(client, user, "Likes tea", agent_id="waiter")
    [agent] = [entity for entity in client.users()["results"] if entity["type"] == "agent"]

    answer = client.delete_user({"entity_type": "agent", "entity_id": agent["id"]})

    assert answer["message"]
    assert ("agent", "waiter") not in names_of(client)
    assert listed(client, agent_id="waiter") == []


@only([release for release in RELEASES if release.version != "0.1.92"])
def test_delete_users_of_an_unknown_name_is_no_error(client: Client, user: str) -> None:
    assert client.delete_users(user_id=user) == {"message": "Entity deleted successfully."}


@only(of_version("0.1.92"))
def test_delete_users_of_an_unknown_name_fails_in_the_oldest_client(client: Client, user: str) -> None:
    with pytest.raises(ClientError, match=r"^ValueError: No entity found with the provided ID\.$"):
        client.delete_users(user_id=user)


@only(JAVASCRIPT)
def test_delete_user_takes_no_name(client: Client) -> None:
    with refused(client, "ValidationError", "Invalid entity ID. Must be an integer."):
        client.delete_user({"entity_type": "user", "entity_id": "alice"})


def test_delete_users_without_a_name_deletes_them_all(client: Client, user: str) -> None:
    memory_id = remember(client, user, "Likes tea", agent_id="waiter")

    assert client.delete_users() == {"message": "All users, agents, apps and runs deleted."}
    assert names_of(client) == set()
    with refused(client, "MemoryNotFoundError", "Memory not found!"):
        client.get(memory_id)


@only(PYTHON)
def test_reset_forgets_everything(client: Client, user: str) -> None:
    remember(client, user, "Likes tea")

    assert client.reset() == {"message": "Client reset successful. All users and memories deleted."}
    assert names_of(client) == set()
    assert listed(client, user_id=user) == []
