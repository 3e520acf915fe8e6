"""Reliability A1 and F1: every accepted add is done exactly once, whatever is killed meanwhile."""

import itertools
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from loci.local.programs import wait_for
from tests.faults import stores
from tests.faults.drive import Accept, Drive, Fault, drive
from tests.faults.processes import Processes, environment, fake_llm, running
from tests.faults.stores import Stores

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

SECONDS_PER_ADD = 0.18
SHORTEST_S = 40.0
DRAINED_WITHIN_S = 400.0
USERS = 25

OPEN_EVENTS = "SELECT count(*) FROM event WHERE status NOT IN ('SUCCEEDED', 'FAILED')"


@dataclass(frozen=True)
class Installation:
    """A whole Loci under fire."""

    stores: Stores
    processes: Processes
    client: httpx2.Client

    def faults(self) -> list[Fault]:
        """One round: the workers are hit most often, but have the time to start and work in between."""

        def kill(name: str) -> Fault:
            return lambda: self.processes.kill(name)

        made = self.stores
        others = [kill("dispatcher"), kill("dispatcher"), made.lose_valkey, made.crash_postgres]
        return [each for fault in others for each in (kill("worker"), made.flush_valkey, fault)]

    def accept(self) -> Accept:
        """Adds over HTTP, of several users in turn; promised is what was answered with a 2xx."""
        users = itertools.count()

        def accept(text: str) -> bool:
            body = {"messages": [{"role": "user", "content": text}], "user_id": f"user-{next(users) % USERS}"}
            try:
                return self.client.post("/v3/memories/add/", json=body).is_success
            except httpx2.TransportError:
                return False

        return accept


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with stores.started() as made, fake_llm("--fail-rate", "0.33", "--delay-ms", "50") as llm_url:
        env = environment(made.environment(), llm_url, made.folder) | {"WORKER_CONCURRENCY": "4"}
        token = f"Token {stores.install(made, env)}"
        with (
            running(env, tmp_path) as loci,
            httpx2.Client(base_url=loci.url, headers={"Authorization": token}, timeout=15) as client,
        ):
            yield Installation(made, loci.processes, client)


def test_every_promised_add_is_done_once_whatever_is_killed(installation: Installation, adds: int) -> None:
    seconds = max(SHORTEST_S, adds * SECONDS_PER_ADD)
    seen = drive(installation.accept(), installation.faults(), count=adds, seconds=seconds)
    drained_s = _drain(installation.stores)
    print(f"{seen.faults} faults, {len(seen.promised)} promised, {seen.refused} refused, drained {drained_s:.0f} s")  # noqa: T201 - the figures are to be published
    _check(installation.stores, seen)


def _drain(made: Stores) -> float:
    started = time.monotonic()
    assert wait_for(lambda: made.rows(OPEN_EVENTS) == [(0,)], DRAINED_WITHIN_S), "Adds are left over."
    return time.monotonic() - started


def _check(made: Stores, seen: Drive) -> None:
    """An add whose answer was lost with the connection may have been stored too: then it is done once, like all."""
    stored = {text for (text,) in made.rows("SELECT content FROM message")}
    remembered = Counter(text for (text,) in made.rows("SELECT text FROM memory WHERE state = 'active'"))
    assert set(seen.promised) <= stored
    assert remembered == Counter(f"Said: {text}" for text in stored)
    assert made.rows("SELECT status, count(*) FROM event GROUP BY status") == [("SUCCEEDED", len(stored))]
    assert made.rows("SELECT sum(quantity), count(DISTINCT source) FROM usage_entry WHERE meter = 'add'") == [
        (len(stored), len(stored))
    ]
    assert made.rows("SELECT DISTINCT state FROM job") == [("done",)]
