"""How often a key may call (reliability.md §2.8, D5)."""

import json
import logging
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.test import Client
from pytest_django import Settings

from billing import counting
from loci.local.programs import free_port
from memories.api.stats import StatsView
from orgs.api.leaks import LeakReportView
from orgs.models import User
from orgs.services.api_keys import create_api_key
from tests.billing.conftest import Limit
from tests.conftest import Person, Services

READ, WRITE = ("POST", "/v3/memories/"), ("DELETE", "/v1/memories/01930000-0000-7000-8000-000000000000/")
OK, GONE, REFUSED = 200, 404, 429


def call(person: Person, method: str, path: str, **headers: str) -> Any:
    body = json.dumps({"filters": {"user_id": "alex"}, "query": "Where?"})
    return person.client.generic(method, path, body, content_type="application/json", headers=headers)


def statuses(person: Person, times: int, method: str = "GET", path: str = "/v1/ping/") -> list[int]:
    return [call(person, method, path).status_code for _ in range(times)]


def rate_headers(response: Any) -> list[str]:
    return [name for name in response.headers if name.startswith("X-RateLimit")]


@pytest.fixture
def valkey(services: Services) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(services.valkey.url, decode_responses=True) as client:
        yield client


@pytest.fixture
def silent_redis() -> Iterator[str]:
    """The URL of a server that takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def absent_redis() -> str:
    return f"redis://127.0.0.1:{free_port()}/0"


def test_what_has_no_rate_is_not_counted_and_costs_no_redis(alice: Person, limit: Limit, valkey: redis.Redis) -> None:
    limit(alice, '{"search": "1/minute"}')
    before = valkey.info("stats")["total_commands_processed"]
    answers = [call(alice, "GET", "/v1/ping/") for _ in range(5)]
    assert valkey.info("stats")["total_commands_processed"] == before + 1
    assert [(answer.status_code, rate_headers(answer)) for answer in answers] == [(OK, [])] * 5


def test_every_answer_under_a_limit_says_what_is_left(alice: Person, limit: Limit) -> None:
    limit(alice, '{"other": "3/minute"}')
    for remaining, path in [("2", "/v1/ping/"), ("1", "/v1/memories/no-id/"), ("0", "/v1/ping/")]:
        answer = call(alice, "GET", path)
        assert (answer["X-RateLimit-Limit"], answer["X-RateLimit-Remaining"]) == ("3", remaining)
        assert 50 < int(answer["X-RateLimit-Reset"]) - time.time() <= 61


def test_a_refusal_says_in_whole_seconds_when_to_come_again(alice: Person, limit: Limit) -> None:
    limit(alice, '{"other": "1/minute"}')
    call(alice, "GET", "/v1/ping/")
    refused = call(alice, "GET", "/v1/ping/")
    assert refused.status_code == REFUSED
    assert (refused["X-RateLimit-Limit"], refused["X-RateLimit-Remaining"]) == ("1", "0")
    assert 50 < int(refused["Retry-After"]) <= 60
    assert int(refused["X-RateLimit-Reset"]) - time.time() == pytest.approx(int(refused["Retry-After"]), abs=9)
    assert refused.json()["detail"].startswith("Request was throttled.")
    assert refused.json()["request_id"] == refused["X-Request-Id"]


def test_who_waits_as_told_is_let_in(alice: Person, limit: Limit) -> None:
    limit(alice, '{"other": "2/second"}')
    refused = next(answer for answer in iter(lambda: call(alice, "GET", "/v1/ping/"), None) if answer.status_code != OK)
    time.sleep(int(refused["Retry-After"]))
    assert statuses(alice, 1) == [OK]


def test_keys_do_not_share_a_limit(alice: Person, bob: Person, limit: Limit) -> None:
    limit(alice, '{"other": "1/minute"}')
    limit(bob, '{"other": "1/minute"}')
    assert statuses(alice, 2) == [OK, REFUSED]
    assert statuses(bob, 2) == [OK, REFUSED]
    assert call(alice, "GET", "/v1/ping/", authorization=f"Token {second_key(alice)}").status_code == OK


def second_key(person: Person) -> str:
    from loci.tenancy.context import tenant_tx
    from orgs.models import Project

    with tenant_tx(person.tenant):
        project = Project.objects.get(id=person.tenant.project_id)
    return create_api_key(project=project, maker=User.objects.get(email=person.email), name="second")


def test_each_rate_is_counted_by_itself(alice: Person, limit: Limit) -> None:
    limit(alice, '{"search": "1/minute", "add": "1/minute", "other": "1/minute"}')
    for path, admitted in [("/v3/memories/search/", OK), ("/v3/memories/add/", 400), ("/v3/memories/", OK)]:
        assert statuses(alice, 2, "POST", path) == [admitted, REFUSED]


def test_head_counts_as_get(alice: Person, limit: Limit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StatsView, "rates", {"GET": "search"})
    limit(alice, '{"search": "1/minute"}')
    assert statuses(alice, 1, "HEAD", "/v1/stats/") == [OK]
    assert statuses(alice, 1, "GET", "/v1/stats/") == [REFUSED]
    assert statuses(alice, 1, "HEAD", "/v1/stats/") == [REFUSED]


def test_a_wrong_key_is_not_counted(alice: Person, limit: Limit) -> None:
    limit(alice, '{"other": "1/minute"}')
    answer = call(alice, "GET", "/v1/ping/", authorization="Token wrong")
    assert (answer.status_code, rate_headers(answer)) == (401, [])
    assert statuses(alice, 1) == [OK]


def test_an_ipv6_network_counts_as_one_address(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LeakReportView, "address_rate", "2/minute")
    addresses = ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:3", "2001:db8:0:1::1", "192.0.2.1"]
    answers = [
        Client(REMOTE_ADDR=address)
        .post("/api/v1/keys/report/", {"key": "no key"}, content_type="application/json")
        .status_code
        for address in addresses
    ]
    assert [answer == REFUSED for answer in answers] == [False, False, True, False, False]


def test_requests_are_still_counted_after_redis_forgot_its_scripts_and_its_connections(
    alice: Person, limit: Limit, valkey: redis.Redis
) -> None:
    limit(alice, '{"other": "2/minute"}')
    assert statuses(alice, 1) == [OK]
    valkey.script_flush()
    valkey.client_kill_filter(_type="normal", skipme=True)
    assert statuses(alice, 2) == [OK, REFUSED]


def test_without_redis_reads_are_let_in_and_writes_are_counted_here(
    alice: Person, bob: Person, limit: Limit, settings: Settings
) -> None:
    limit(alice, '{"other": "2/minute"}')
    limit(bob, '{"other": "2/minute"}')
    settings.REDIS_URL = absent_redis()
    assert statuses(alice, 5) == [OK] * 5
    assert statuses(alice, 5, *READ) == [OK] * 5
    assert statuses(alice, 4, *WRITE) == [GONE, GONE, REFUSED, REFUSED]
    assert statuses(bob, 1, *WRITE) == [GONE]
    assert int(call(alice, *WRITE)["Retry-After"]) > 0


def test_an_outage_of_redis_is_logged_once(
    alice: Person, limit: Limit, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    limit(alice, '{"other": "100/minute"}')
    settings.REDIS_URL = absent_redis()
    with caplog.at_level(logging.WARNING):
        statuses(alice, 20)
    assert [vars(record)["circuit"] for record in caplog.records if "circuit" in vars(record)] == ["Redis for rates"]


def test_a_redis_that_never_answers_does_not_slow_requests_down(
    alice: Person, limit: Limit, settings: Settings, silent_redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "REDIS_TIMEOUT_S", 0.25)
    limit(alice, '{"other": "100/minute"}')
    settings.REDIS_URL = silent_redis
    seconds = []
    for _ in range(20):
        started = time.perf_counter()
        assert statuses(alice, 1) == [OK]
        seconds.append(time.perf_counter() - started)
    assert max(seconds) < 10
    assert sum(seconds[5:]) < 5
