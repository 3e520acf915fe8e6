"""What the contract has and this version has not is said to be missing, in JSON and to every method."""

import pytest
from django.test import Client

from loci.http.middleware import NO_SUCH_ENDPOINT
from tests.conftest import Person

LATER = [
    ("POST", "/mcp"),
]


@pytest.mark.parametrize(("method", "path"), LATER)
def test_a_missing_endpoint_is_a_json_404(alice: Person, method: str, path: str) -> None:
    response = alice.client.generic(method, path, "{}", content_type="application/json")
    assert response.status_code == 404
    assert response.json() == {"detail": NO_SUCH_ENDPOINT, "request_id": response["X-Request-Id"]}


def test_nobody_needs_a_key_to_be_told(client: Client) -> None:
    assert client.get("/v1/nothing/").status_code == 404
