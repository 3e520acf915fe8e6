from typing import Any

import pytest
from django.test import Client

from loci.http.errors import INVALID_API_KEY
from loci.http.middleware import NO_SUCH_ENDPOINT
from tests.http.urls import SECRET


def answer(client: Client, kind: str) -> tuple[int, dict[str, Any]]:
    """Status and body, the same from a view of DRF and from a plain one."""
    response, plain = client.get(f"/v1/fail/{kind}/"), client.get(f"/v1/plain/{kind}/")
    assert (response.status_code, response["Content-Type"]) == (plain.status_code, "application/json")
    body, plain_body = response.json(), plain.json()
    assert body.pop("request_id") == response["X-Request-Id"]
    assert plain_body.pop("request_id") == plain["X-Request-Id"]
    assert body == plain_body
    return response.status_code, body


def test_a_domain_error_keeps_the_hosted_keys_and_has_a_detail(client: Client) -> None:
    message = "At least one of the filters is required!"
    assert answer(client, "domain") == (400, {"detail": "No entity.", "message": message})
    assert answer(client, "missing") == (404, {"detail": "Memory not found!", "error": "Memory not found!"})


@pytest.mark.parametrize("kind", ["no-key", "failed-key"])
def test_a_missing_or_wrong_key_is_401_in_the_hosted_words(client: Client, kind: str) -> None:
    assert answer(client, kind) == (401, {"detail": INVALID_API_KEY})


def test_a_denied_request_is_403(client: Client) -> None:
    status, body = answer(client, "denied")
    assert (status, list(body)) == (403, ["detail"])


@pytest.mark.parametrize(("kind", "seconds"), [("dependency", "7"), ("operational", "2"), ("pool", "2")])
def test_a_failed_dependency_is_503_with_whole_seconds_to_wait(client: Client, kind: str, seconds: str) -> None:
    assert answer(client, kind) == (503, {"detail": "Temporarily unavailable. Try again."})
    assert client.get(f"/v1/fail/{kind}/")["Retry-After"] == seconds
    assert client.get(f"/v1/plain/{kind}/")["Retry-After"] == seconds


@pytest.mark.parametrize("kind", ["data", "nul", "index"])
def test_what_the_database_refuses_is_400_without_its_words(client: Client, kind: str) -> None:
    assert answer(client, kind) == (400, {"detail": "The request holds a value that cannot be stored."})


def test_a_bug_is_500_without_its_words(client: Client) -> None:
    assert answer(client, "bug") == (500, {"detail": "Internal server error."})
    assert SECRET.encode() not in client.get("/v1/fail/bug/").content


def test_a_throttled_request_is_429_with_whole_seconds_to_wait(client: Client) -> None:
    response = client.get("/v1/fail/throttled/")
    assert (response.status_code, response["Retry-After"]) == (429, "5")


def test_a_validation_error_keeps_its_fields_and_has_a_sentence(client: Client) -> None:
    response = client.post("/v1/checked/", {"top_k": 5000}, content_type="application/json")
    body = response.json()
    assert response.status_code == 400
    assert body["query"] == ["This field is required."]
    assert body["detail"] == ("query: This field is required. top_k: Ensure this value is less than or equal to 1000.")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/v1/echo/%00", 400),
        ("GET", "/v1/echo/?a=%00", 400),
        ("PATCH", "/v1/echo/", 405),
        ("GET", "/v1/put-only/", 405),
        ("GET", "/v1/list/?" + "&".join(f"a{number}=1" for number in range(1_001)), 400),
    ],
)
def test_what_reaches_no_view_is_answered_in_json_too(client: Client, method: str, path: str, status: int) -> None:
    response: Any = client.generic(method, path)
    assert response.status_code == status
    assert response.json()["detail"]
    assert response.json()["request_id"] == response["X-Request-Id"]


def test_405_says_what_is_allowed(client: Client) -> None:
    assert client.get("/v1/put-only/")["Allow"] == "PUT"


def test_no_answer_is_cached(client: Client) -> None:
    assert client.get("/v1/echo/")["Cache-Control"] == "no-store"
    assert client.get("/nowhere")["Cache-Control"] == "no-store"


def test_an_address_that_is_not_there_is_not_mistaken_for_a_missing_memory(client: Client) -> None:
    assert client.get("/v9/nothing/").json()["detail"] == NO_SUCH_ENDPOINT
