from uuid import uuid4

import pytest

from tests.clients.driver import Client, ClientError, connected
from tests.clients.matrix import Matrix
from tests.clients.server import Server

WRONG_KEY = "Invalid API key. You can find your API key on https://app.mem0.ai/dashboard/api-keys."


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("MemoryClient", "ValueError"),
        ("AsyncMemoryClient", "ValueError"),
        ("JavaScript", "AuthenticationError"),
    ],
)
def test_a_wrong_key_is_refused_at_once(name: str, kind: str, server: Server, matrix: Matrix) -> None:
    with pytest.raises(ClientError) as caught, connected(name, server, matrix, api_key="m0-wrong"):
        pass

    assert caught.value.kind == kind
    assert WRONG_KEY in str(caught.value)


@pytest.mark.parametrize(("name", "http"), [("MemoryClient", "client"), ("AsyncMemoryClient", "async_client")])
def test_a_key_that_stopped_working_is_an_authentication_error(
    name: str, http: str, server: Server, matrix: Matrix
) -> None:
    with connected(name, server, matrix) as client:
        client.call(f"{http}.headers.update", {"Authorization": "Token m0-wrong"})

        with pytest.raises(ClientError) as caught:
            client.users()

    assert str(caught.value) == f"AuthenticationError: {WRONG_KEY}"


@pytest.mark.parametrize("method", ["get", "history", "delete"])
def test_an_unknown_id_is_not_found(client: Client, method: str) -> None:
    with pytest.raises(ClientError, match=r"^MemoryNotFoundError: .*Memory not found!"):
        client.call(method, str(uuid4()))


@pytest.mark.parametrize("method", ["get", "history", "delete"])
def test_what_is_no_uuid_is_invalid(client: Client, method: str) -> None:
    with pytest.raises(ClientError, match=r"^ValidationError: .*memory_id should be a valid UUID"):
        client.call(method, "not-a-uuid")


def test_an_add_about_nobody_is_invalid(client: Client) -> None:
    with pytest.raises(ClientError, match=r"^ValidationError: .*user_id, agent_id, app_id"):
        client.add("I live in Lisbon.")


def test_a_search_without_filters_is_invalid(client: Client) -> None:
    with pytest.raises(ClientError, match=r"^ValidationError: .*Filters are required"):
        client.search("Where is home?")


def test_a_deletion_about_nobody_is_invalid(client: Client) -> None:
    with pytest.raises(ClientError, match=r"^ValidationError: "):
        client.delete_all()


def test_an_update_of_an_unknown_id_is_not_found(client: Client) -> None:
    with pytest.raises(ClientError, match=r"^MemoryNotFoundError: "):
        client.update(str(uuid4()), text="Likes tea")
