import pytest

from tests.clients.driver import Client, ClientError
from tests.clients.untested import UPSTREAM

ARGUMENTS = {"create_memory_export": {"schema": "{}"}, "get_memory_export": {"user_id": "alice"}}


@pytest.mark.parametrize(
    ("client", "method", "error"),
    [pytest.param(release, method, error, id=f"{release} {method}") for (release, method), error in UPSTREAM.items()],
    indirect=["client"],
)
def test_what_no_server_can_help_fails_in_the_client(client: Client, method: str, error: str) -> None:
    with pytest.raises(ClientError) as caught:
        client.call(method, **ARGUMENTS.get(method, {}))

    assert caught.value.kind == error
