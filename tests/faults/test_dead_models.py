"""Reliability E2: with the model and the embedder away, reads keep working and adds are kept for later."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import pytest

from loci.local.programs import wait_for
from memories.models import EventStatus
from tests.conftest import Person, Services
from tests.fakes.llm import FakeLLM
from tests.faults.processes import environment, running
from tests.faults.queued import USERS, accept, cut_waits_short, with_status

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

SECONDS_PER_ADD = 0.05
"""How long they are away, by the size of the chaos run."""
KNOWN = ["I live in Rome.", "I love risotto.", "I have a kayak."]
PAUSE_S = 0.2
LEARNED_WITHIN_S, DONE_WITHIN_S = 120, 300
FILTERS = {"filters": {"user_id": "user-0"}}


def test_while_models_are_away_reads_go_on_and_adds_are_done_afterwards(
    services: Services, alice: Person, tmp_path: Path, adds: int
) -> None:
    with FakeLLM() as llm:
        env = environment(services.environment(), llm.base_url, tmp_path)
        with (
            running(env, tmp_path) as loci,
            httpx2.Client(base_url=loci.url, headers={"Authorization": f"Token {alice.key}"}, timeout=60) as client,
        ):
            known = accept(alice.tenant, KNOWN)
            assert wait_for(lambda: _are_done(alice, known), LEARNED_WITHIN_S)
            llm.stop()
            outage = _Outage(client)
            outage.last(adds * SECONDS_PER_ADD)
            print(f"{dict(outage.answers)}, {len(outage.events)} adds accepted")  # noqa: T201 - the figures are to be published
            assert set(outage.answers) == {("list", 200), ("get", 200), ("search", 200), ("delete", 200), ("add", 200)}
            began = time.monotonic()
            cut_waits_short(services, alice.tenant)
            with FakeLLM(port=llm.port):
                assert wait_for(lambda: _are_done(alice, outage.events), DONE_WITHIN_S), "Adds are left over."
            print(f"all done {time.monotonic() - began:.0f} s after the models were back")  # noqa: T201 - as above


class _Outage:
    """What a client sees meanwhile: how often each kind of request was answered how."""

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client
        self.answers: Counter[tuple[str, int]] = Counter()
        self.events: list[Any] = []

    def last(self, seconds: float) -> None:
        """Asks for everything in turn for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._round()
            time.sleep(PAUSE_S)

    def _round(self) -> None:
        (memory_id, *_) = [row["id"] for row in self._send("list", "POST", "/v3/memories/", FILTERS)["results"]]
        self._send("get", "GET", f"/v1/memories/{memory_id}/")
        found = self._send("search", "POST", "/v3/memories/search/", {"query": "Rome", "threshold": 0, **FILTERS})
        assert [hit["memory"] for hit in found["results"]] == ["Lives in Rome"]
        number = len(self.events)
        added = {"messages": f"I live in Town {number}.", "user_id": f"new-{number % USERS}"}
        self.events.append(self._send("add", "POST", "/v3/memories/add/", added)["event_id"])
        if number == 0:
            (doomed,) = self._send("list", "POST", "/v3/memories/", {"filters": {"user_id": "user-1"}})["results"]
            self._send("delete", "DELETE", f"/v1/memories/{doomed['id']}/")

    def _send(self, name: str, method: str, path: str, body: Any = None) -> Any:
        answer = self._client.request(method, path, json=body)
        self.answers[name, answer.status_code] += 1
        if name == "search":
            assert answer.headers["X-Degraded"] == "embedding"
        return answer.raise_for_status().json()


def _are_done(person: Person, events: list[Any]) -> bool:
    return with_status(person.tenant, events, EventStatus.SUCCEEDED) == len(events)
