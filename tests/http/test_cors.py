"""Pages in browsers may call the API (contract.md §1)."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

PAGE = "https://app.example.com"
ASKED = "authorization,content-type,mem0-user-id,x-mem0-client,x-mem0-source,x-application,idempotency-key"
READ = (
    "x-request-id,retry-after,x-ratelimit-limit,x-ratelimit-remaining,x-ratelimit-reset,idempotent-replayed,x-degraded"
    ",x-rerank,x-context-tokens"
)


def preflight(client: Client, path: str = "/v1/memories/", method: str = "POST", origin: str = PAGE) -> Any:
    return client.options(
        path,
        headers={"origin": origin, "access-control-request-method": method, "access-control-request-headers": ASKED},
    )


def get(client: Client, path: str, origin: str = PAGE) -> Any:
    return client.get(path, headers={"origin": origin})


def named(response: Any, header: str) -> set[str]:
    return {name.strip().lower() for name in response[header].split(",")}


@pytest.mark.parametrize(
    "path", ["/v3/memories/", "//testserver//v1/ping/", "/v2/entities/user/a%2Fb/", "/v9/unknown/"]
)
def test_a_preflight_needs_no_key_and_admits_every_origin(client: Client, path: str) -> None:
    answer = preflight(client, path)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer
    assert answer["X-Request-Id"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_preflight_admits_the_methods_and_headers_of_the_clients_and_is_kept(client: Client, method: str) -> None:
    answer = preflight(client, method=method)
    assert method.lower() in named(answer, "Access-Control-Allow-Methods")
    assert set(ASKED.split(",")) <= named(answer, "Access-Control-Allow-Headers")
    assert int(answer["Access-Control-Max-Age"]) >= 3600


def test_a_page_may_read_the_headers_that_clients_read(client: Client) -> None:
    assert named(get(client, "/v1/echo/"), "Access-Control-Expose-Headers") == set(READ.split(","))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/echo/", 200),
        ("/v1/fail/failed-key/", 401),
        ("/v1/unknown/", 404),
        ("/v1/plain/missing/", 404),
        ("/v1/fail/throttled/", 429),
        ("/v1/fail/bug/", 500),
        ("/v1/plain/bug/", 500),
        ("/v1/fail/operational/", 503),
    ],
)
def test_a_page_may_read_every_answer_errors_too(client: Client, path: str, status: int) -> None:
    answer = get(client, path)
    assert answer.status_code == status
    assert answer["Access-Control-Allow-Origin"] == "*"


def test_origins_can_be_narrowed(client: Client, settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS, settings.CORS_ALLOW_ALL_ORIGINS = [PAGE], False
    for ask in (preflight, get):
        assert ask(client, path="/v1/echo/")["Access-Control-Allow-Origin"] == PAGE
        for other in ["https://example.com", "http://app.example.com", f"{PAGE}.evil.org", "null"]:
            assert "Access-Control-Allow-Origin" not in ask(client, path="/v1/echo/", origin=other)
    assert "origin" in named(get(client, "/v1/echo/"), "Vary")


# What follows // is a host to the test client.
@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "//testserver//metrics"])
def test_a_page_may_not_read_the_numbers_of_the_operator(client: Client, settings: Settings, path: str) -> None:
    settings.ROOT_URLCONF = "loci.urls"
    assert "Access-Control-Allow-Origin" not in get(client, path)
    assert "Access-Control-Allow-Origin" not in preflight(client, path)
