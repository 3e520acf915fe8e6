import json
import os
import signal
import time
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import redis

from loci.local.programs import free_port
from loci.local.valkey import Valkey
from loci.tenancy.models import new_id
from tests.conftest import Services
from workers import doorbell
from workers.celery import app

PATIENCE_S = doorbell.PATIENCE_S
SHORT_S = PATIENCE_S + 3
"""For a busy machine; without the limits it would be seconds."""


@pytest.fixture
def own_valkey(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Valkey]:
    """A server that a test may stop, and the doorbell's for that long."""
    valkey = Valkey(folder / "data").start()
    monkeypatch.setattr(app.conf, "broker_url", valkey.url)
    yield valkey
    valkey.kill()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The patience of production; the other tests are not about it."""
    monkeypatch.setattr(doorbell, "PATIENCE_S", PATIENCE_S)


def ring() -> tuple[bool, float]:
    """Rings once; returns whether it was heard and the seconds it took."""
    started = time.monotonic()
    heard = doorbell.ring(kind="probe", queue="extraction", project_id=new_id(), job_id=new_id())
    return heard, time.monotonic() - started


def test_a_ring_says_ids_and_nothing_else(services: Services) -> None:
    project_id, job_id = new_id(), new_id()
    assert doorbell.ring(kind="probe", queue="extraction", project_id=project_id, job_id=job_id)
    message = _heard(services)
    assert message["headers"]["task"] == "workers.tasks.probe"
    arguments, named, _ = json.loads(b64decode(message["body"]))
    assert ([UUID(each) for each in arguments], named) == ([project_id, job_id], {})


def _heard(services: Services) -> dict[str, Any]:
    with redis.Redis.from_url(services.valkey.url) as client:
        message: dict[str, Any] = json.loads(client.rpop("extraction"))
        return message


def test_redis_that_is_gone_costs_one_short_try_and_then_nothing(own_valkey: Valkey, impatient: None) -> None:
    own_valkey.kill()
    heard, seconds = ring()
    assert not heard
    assert seconds < SHORT_S
    quiet = [ring() for _ in range(20)]
    assert not any(heard for heard, _ in quiet)
    assert sum(seconds for _, seconds in quiet) < SHORT_S


def test_redis_that_hangs_costs_no_more_than_redis_that_is_gone(own_valkey: Valkey, impatient: None) -> None:
    assert own_valkey._process
    os.kill(own_valkey._process.pid, signal.SIGSTOP)
    try:
        heard, seconds = ring()
    finally:
        os.kill(own_valkey._process.pid, signal.SIGCONT)
    assert not heard
    assert seconds < SHORT_S


def test_a_redis_that_never_was_there_is_no_error(monkeypatch: pytest.MonkeyPatch, impatient: None) -> None:
    monkeypatch.setattr(app.conf, "broker_url", f"redis://127.0.0.1:{free_port()}/0")
    heard, seconds = ring()
    assert not heard
    assert seconds < SHORT_S


def test_redis_that_is_back_or_empty_is_rung_again(own_valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorbell, "QUIET_S", 0)
    assert ring()[0]
    own_valkey.kill()
    assert not ring()[0]
    own_valkey.start()
    assert ring()[0]
    with redis.Redis.from_url(own_valkey.url) as client:
        client.flushall()
        assert ring()[0]
        assert client.llen("extraction") == 1
