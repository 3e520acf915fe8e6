"""Readiness with Postgres, without it, and with one that hangs."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from django.test import Client
from pytest_django import Settings

from loci.observability import health

PROBE = """
import os, time, django
django.setup()
from django.conf import settings
from django.test import Client
settings.ROOT_URLCONF = "tests.observability.urls"
settings.STATIC_ROOT = None
Client().get("/healthz")  # The first request loads what every other one shares.
started = time.monotonic()
response = Client().get("/readyz")
seconds = time.monotonic() - started
print(response.status_code, seconds, response["Retry-After"], response.content.decode(), sep="\\n", flush=True)
os._exit(0)  # Not waiting for the pool, which still tries to connect.
"""


@pytest.fixture
def tarpit() -> Iterator[int]:
    """The port of a listener that accepts every connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def probe(postgres: int, redis: int) -> tuple[int, float, str, dict[str, Any]]:
    """Status, seconds, Retry-After and body of `/readyz` of a process of its own, with these two ports."""
    environment = {
        **os.environ,
        "DATABASE_URL": f"postgresql://loci_app:x@127.0.0.1:{postgres}/loci",
        "REDIS_URL": f"redis://127.0.0.1:{redis}/0",
    }
    process = subprocess.run([sys.executable, "-c", PROBE], env=environment, check=True, capture_output=True, text=True)
    status, seconds, retry_after, body = process.stdout.splitlines()
    return int(status), float(seconds), retry_after, orjson.loads(body)


def test_a_process_that_answers_is_alive(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.observability.urls"
    response = Client().get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_with_postgres_and_redis_it_is_ready(
    database: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("POSTGRES_TIMEOUT_S", "REDIS_TIMEOUT_S"):
        monkeypatch.setattr(health, limit, 60)  # A busy machine is no outage.
    settings.ROOT_URLCONF = "tests.observability.urls"
    response = Client().get("/readyz")
    expected = {"status": "ready", "postgres": "ok", "redis": "ok", "without_index": []}
    assert (response.status_code, response.json()) == (200, expected)


def test_without_postgres_it_is_not_ready_and_says_so_in_json(closed_port: int) -> None:
    status, _, retry_after, body = probe(closed_port, closed_port)
    assert (status, retry_after) == (503, "2")
    assert body["detail"] == "Postgres does not answer."
    assert (body["status"], body["postgres"], body["redis"]) == ("unavailable", "unreachable", "unreachable")


def test_a_postgres_and_a_redis_that_hang_do_not_hold_the_probe(tarpit: int) -> None:
    status, seconds, _, body = probe(tarpit, tarpit)
    assert status == 503
    assert (body["postgres"], body["redis"]) == ("unreachable", "unreachable")
    assert seconds < 3.4  # Without these limits it would be the 3 s of the pool and the half one of Redis.
