import pytest
from django.test import Client


@pytest.mark.parametrize("path", ["/v1/echo", "/v1/echo/", "//v1/echo/", "///v1/echo"])
def test_slashes_before_and_after_do_not_matter_and_nothing_redirects(client: Client, path: str) -> None:
    assert client.get("/", PATH_INFO=path).status_code == 200


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("alice/", "alice"),
        ("alice", "alice"),
        ("a/b", "a/b"),
        ("a%2Fb/", "a/b"),
        ("alice@example.com/", "alice@example.com"),
        ("with%20space/", "with space"),
        ("ends-in-slash%2F/", "ends-in-slash/"),
        ("%C3%A9t%C3%A9", "été"),
    ],
)
def test_a_name_in_the_path_may_hold_slashes_and_loses_one_at_its_end(client: Client, sent: str, name: str) -> None:
    response = client.get(f"/v2/entities/user/{sent}")
    assert response.json()["path"] == {"entity_type": "user", "name": name}
