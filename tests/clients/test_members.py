"""The members of the client's project. Nobody accepts here: who is added stays invited."""

from uuid import uuid4

import pytest

from tests.clients.driver import Client, ClientError
from tests.clients.releases import of_version, only
from tests.clients.steps import refused

WITH_MEMBERS = only(of_version("0.1.118", "1.0.11", "2.2.1"))


@pytest.fixture
def email() -> str:
    """Somebody of whom nothing is known yet."""
    return f"{uuid4()}@example.com"


def roles(client: Client) -> dict[str, str]:
    return {member["email"]: member["role"] for member in client.call("project.get_members")["members"]}


@WITH_MEMBERS
def test_get_members_names_the_owner_with_the_hosted_keys(client: Client) -> None:
    owner = client.call("project.get_members")["members"][0]
    assert (owner["username"], owner["role"], owner["status"]) == (owner["email"].partition("@")[0], "OWNER", "active")


@WITH_MEMBERS
def test_add_member_adds_a_reader_unless_told_otherwise(client: Client, email: str) -> None:
    assert client.call("project.add_member", email) == {"message": "User added to the project successfully."}
    client.call("project.add_member", f"owner-{email}", role="OWNER")
    assert {name: role for name, role in roles(client).items() if email in name} == {
        email: "READER",
        f"owner-{email}": "OWNER",
    }


@WITH_MEMBERS
def test_update_member_changes_the_role(client: Client, email: str) -> None:
    client.call("project.add_member", email)
    answer = client.call("project.update_member", email=email, role="OWNER")
    assert answer == {"message": "User role updated successfully."}
    assert roles(client)[email] == "OWNER"


@WITH_MEMBERS
def test_remove_member_removes_by_email(client: Client, email: str) -> None:
    client.call("project.add_member", email)
    assert client.call("project.remove_member", email=email) == {"message": "Member removed from the project"}
    assert email not in roles(client)


@WITH_MEMBERS
def test_update_and_remove_member_of_a_stranger_are_refused(client: Client, email: str) -> None:
    for method, options in (("project.update_member", {"role": "READER"}), ("project.remove_member", {})):
        with refused(client, "MemoryNotFoundError", "User not found"):
            client.call(method, email=email, **options)


@WITH_MEMBERS
def test_add_member_takes_the_two_roles_only(client: Client, email: str) -> None:
    with pytest.raises(ClientError, match="Role must be either"):
        client.call("project.add_member", email, role="ADMIN")
