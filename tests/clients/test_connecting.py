import pytest

from tests.clients.driver import Client, ClientError
from tests.clients.releases import JAVASCRIPT, PYTHON, V1, V2, only
from tests.clients.server import Server
from tests.clients.steps import refused

WRONG_KEY = "Invalid API key. You can find your API key on https://app.mem0.ai/dashboard/api-keys."


def test_a_client_learns_at_once_whose_key_it_has(client: Client, server: Server) -> None:
    assert client.constructor() == {"org_id": server.org_id, "project_id": server.project_id}


def test_a_host_may_end_in_a_slash(client: Client, server: Server) -> None:
    assert client.constructor(host=f"{server.host}/")["project_id"] == server.project_id


@only([*V1, *V2])
def test_a_client_before_2_0_may_name_its_organization_and_project(client: Client, server: Server) -> None:
    organization = "organization_id" if client.release in JAVASCRIPT else "org_id"

    learned = client.constructor(**{organization: server.org_id, "project_id": server.project_id})

    assert learned == {"org_id": server.org_id, "project_id": server.project_id}


@only([release for release in [*V1, *V2] if release in PYTHON])
def test_a_foreign_project_is_refused_at_once(client: Client, server: Server) -> None:
    with pytest.raises(ClientError, match=r"^ValueError: Error: "):
        client.constructor(org_id=server.org_id, project_id="proj_foreign")


@only(JAVASCRIPT)
def test_a_ping_accepts_the_key(client: Client) -> None:
    assert client.ping() is None


def test_a_wrong_key_is_refused_at_once(client: Client) -> None:
    with pytest.raises(ClientError) as caught:
        client.constructor(api_key="m0-wrong")

    kinds = {"2.1.38": "APIError", "2.4.6": "AuthenticationError", "3.3.1": "AuthenticationError"}
    assert caught.value.kind == kinds.get(client.release.version, "ValueError")
    assert WRONG_KEY in str(caught.value)


@only(PYTHON)
def test_a_key_that_stopped_working_is_an_authentication_error(client: Client, server: Server) -> None:
    headers = "async_client.headers" if client.release.asyncio else "client.headers"
    client.call(f"{headers}.update", {"Authorization": "Token m0-wrong"})
    try:
        with refused(client, "AuthenticationError", WRONG_KEY):
            client.users()
    finally:
        client.call(f"{headers}.update", {"Authorization": f"Token {server.api_key}"})
