"""reliability.md A6, A7 and A8: what is sent, or rung for, several times happens once, and its ids are good."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from billing.models import UsageEntry
from loci.local.processes import services as programs
from loci.local.programs import free_port, wait_for
from loci.tenancy.context import tenant_tx
from memories.extraction.base import InputMessage
from memories.models import Event, EventStatus, Memory
from memories.scope import Scope
from memories.services.accepting import AddRequest, accept_add
from tests.conftest import Person, Services
from tests.fakes.llm import FakeLLM
from tests.faults.processes import Processes, await_ready, environment, running
from workers.doorbell import ring
from workers.models import Job

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

AT_ONCE = 50
RINGS = 5
DONE_WITHIN_S = 300.0


@contextmanager
def two_web_processes(services: Services, folder: Path) -> Iterator[list[str]]:
    """Runs two web processes before one database, and nobody who does the jobs."""
    env = environment(services.environment(), "http://127.0.0.1:9/v1", folder)
    ports = [free_port(), free_port()]
    webs = [replace(programs("127.0.0.1", port, env)[0], name=f"web-{port}") for port in ports]
    processes, hosts = Processes(webs, folder), [f"http://127.0.0.1:{port}" for port in ports]
    try:
        processes.start()
        for host in hosts:
            await_ready(host)
        yield hosts
    finally:
        processes.stop()


def test_fifty_equal_requests_at_once_make_one_job_and_get_the_same_bytes(
    services: Services, alice: Person, adds: int, tmp_path: Path
) -> None:
    keys = adds // 5
    with two_web_processes(services, tmp_path) as hosts:
        answers = asyncio.run(_answers(hosts, alice, keys))
    bodies = [{answer.content for answer in of_key} for of_key in answers]
    assert {answer.status_code for of_key in answers for answer in of_key} == {200}
    assert [len(different) for different in bodies] == [1] * keys
    with tenant_tx(alice.tenant):
        assert Job.objects.count() == Event.objects.count() == keys


async def _answers(hosts: list[str], person: Person, keys: int) -> list[list[httpx2.Response]]:
    """One key after the other, with all of its requests at once, over both processes in turn."""
    found = []
    async with httpx2.AsyncClient(timeout=30, headers={"Authorization": f"Token {person.key}"}) as client:
        for number in range(keys):
            body = {"messages": f"I live in Town {number}.", "user_id": "alex"}
            headers = {"Idempotency-Key": f"key {number}"}
            posts = [
                client.post(f"{hosts[each % 2]}/v3/memories/add/", json=body, headers=headers)
                for each in range(AT_ONCE)
            ]
            found.append(await asyncio.gather(*posts))
    return found


def test_a_job_that_is_rung_for_five_times_has_one_effect_and_its_ids_are_good(
    services: Services, alice: Person, adds: int, tmp_path: Path
) -> None:
    with FakeLLM() as llm, running(environment(services.environment(), llm.base_url, tmp_path), tmp_path) as loci:
        for number in range(adds):
            _accept_and_ring(alice, number)
        with httpx2.Client(base_url=loci.url, headers={"Authorization": f"Token {alice.key}"}, timeout=30) as client:
            found = _polled_until_done(client, adds)
            again = [client.get(f"/v1/memories/{memory_id}/").status_code for memory_id in found]
    with tenant_tx(alice.tenant):
        assert Memory.objects.count() == UsageEntry.objects.filter(meter="add").count() == len(found) == adds
    assert set(found.values()) == set(again) == {200}


def _accept_and_ring(person: Person, number: int) -> None:
    message = InputMessage("user", f"I live in Town {number}.")
    accepted = accept_add(person.tenant, AddRequest(Scope(user_id=f"user-{number}"), (message,)))
    assert accepted.job_id is not None
    for _ in range(RINGS):
        ring(kind="add", queue="extraction", project_id=person.tenant.project_id, job_id=accepted.job_id)


def _polled_until_done(client: httpx2.Client, adds: int) -> dict[str, int]:
    """Asks for each memory as soon as an event names it; returns what was answered, by id."""
    found: dict[str, int] = {}

    def is_done() -> bool:
        done = [event for event in _events(client) if event["status"] == EventStatus.SUCCEEDED]
        for memory_id in {item["id"] for event in done for item in event["results"]} - found.keys():
            found[memory_id] = client.get(f"/v1/memories/{memory_id}/").status_code
        return len(done) == adds

    assert wait_for(is_done, DONE_WITHIN_S), f"{len(found)} of {adds} were done."
    return found


def _events(client: httpx2.Client) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    query = {"event_type": "ADD", "page_size": "100"}
    page: str | None = f"/v1/events/?{httpx2.QueryParams(query)}"
    while page:
        answer = client.get(httpx2.URL(page).raw_path.decode()).raise_for_status().json()
        events += answer["results"]
        page = answer["next"]
    return events
