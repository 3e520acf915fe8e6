"""The control of `test_nothing_is_lost`: the same drive against plain Celery messages must lose something."""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import psycopg
import pytest
import redis

from loci.env import ROOT
from loci.local.programs import Program, wait_for
from tests.faults import plain, stores
from tests.faults.drive import Fault, drive
from tests.faults.processes import Processes, fake_llm
from tests.faults.stores import Stores

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

ADDS = 100
SECONDS = 20.0
DRAINED_WITHIN_S = 200.0
A_MOMENT_S = 1.0


def test_plain_messages_do_not_keep_every_add(stores_under_fire: Stores, worker: Processes) -> None:
    url = stores_under_fire.postgres.admin_url()
    seen = drive(partial(plain.accept, url), _faults(stores_under_fire, worker), count=ADDS, seconds=SECONDS)
    assert wait_for(partial(_is_empty, stores_under_fire), DRAINED_WITHIN_S), "Messages are left over."
    remembered = _remembered(url)
    lost = [text for text in seen.promised if text not in remembered]
    twice = [text for text, count in remembered.items() if count > 1]
    print(f"{seen.faults} faults, {len(seen.promised)} promised, {len(lost)} lost, {len(twice)} twice")  # noqa: T201 - the figures are to be published
    assert lost


def _faults(made: Stores, worker: Processes) -> list[Fault]:
    kill = partial(worker.kill, "plain")
    return [kill, made.flush_valkey, kill, made.lose_valkey, kill, kill, made.crash_postgres]


def _is_empty(made: Stores) -> bool:
    """Whether nothing is queued or held by a worker: what is not done by now never will be."""
    with redis.Redis.from_url(made.valkey.url) as client:
        if client.exists("celery", "unacked"):
            return False
        time.sleep(A_MOMENT_S)  # A message that a worker takes is in neither for an instant.
        return not client.exists("celery", "unacked")


def _remembered(url: str) -> Counter[str]:
    with psycopg.connect(url) as connection:
        return Counter(text for (text,) in connection.execute("SELECT text FROM remembered"))


@pytest.fixture
def stores_under_fire() -> Iterator[Stores]:
    with stores.started() as made:
        with psycopg.connect(made.postgres.admin_url()) as connection:
            connection.execute(plain.TABLES)
        yield made


@pytest.fixture
def worker(stores_under_fire: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Processes]:
    monkeypatch.setattr(plain.app.conf, "broker_url", stores_under_fire.valkey.url)
    with fake_llm("--fail-rate", "0.33", "--delay-ms", "50") as llm_url:
        env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": stores_under_fire.postgres.admin_url(),
            "REDIS_URL": stores_under_fire.valkey.url,
            "LLM_BASE_URL": llm_url,
        }
        processes = Processes([_worker(env)], tmp_path)
        try:
            processes.start()
            yield processes
        finally:
            processes.stop()


def _worker(env: Mapping[str, str]) -> Program:
    celery = [sys.executable, "-m", "celery", "--app", "tests.faults.plain", "worker"]
    return Program("plain", [*celery, "--concurrency", "2", "--without-gossip", "--without-mingle"], env, ROOT)
