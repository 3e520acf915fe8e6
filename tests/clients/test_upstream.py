from typing import Any

import pytest

from tests.clients.driver import Client, ClientError
from tests.clients.steps import remember
from tests.clients.untested import UPSTREAM

ARGUMENTS = {"create_memory_export": {"schema": "{}"}, "get_memory_export": {"user_id": "alice"}}


def arguments(client: Client, user: str, method: str) -> dict[str, Any]:
    """Returns what the method is called with, so that the server does all it can."""
    if method == "feedback":
        return {"memory_id": remember(client, user, "Likes tea"), "feedback": "POSITIVE"}
    return ARGUMENTS.get(method, {})


@pytest.mark.parametrize(
    ("client", "method", "error"),
    [pytest.param(release, method, error, id=f"{release} {method}") for (release, method), error in UPSTREAM.items()],
    indirect=["client"],
)
def test_what_no_server_can_help_fails_in_the_client(client: Client, user: str, method: str, error: str) -> None:
    given = arguments(client, user, method)

    with pytest.raises(ClientError) as caught:
        client.call(method, **given)

    assert caught.value.kind == error
