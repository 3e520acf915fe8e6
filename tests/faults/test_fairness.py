"""design.md §5: one tenant's flood does not delay another's single add."""

import os
import statistics
import time
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from loci.local.programs import wait_for
from loci.tenancy.context import tenant_tx
from memories.models import Event, EventStatus
from tests.conftest import Person, Services
from tests.fakes.llm import FakeLLM
from tests.faults.processes import environment, running
from tests.faults.queued import accept, with_status
from workers.jobs import MAX_PUBLISHED

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

FLOOD = int(os.environ.get("CHAOS_FLOOD", "5000"))
SINGLES = 5
LLM_S = 0.5
FOUND_WITHIN_S = 120
MOST_BEFORE = 2 * MAX_PUBLISHED
"""Adds of the flood that may be done before a single one: those that were rung for, and one after each in its lane."""


def test_a_single_add_goes_before_the_rest_of_a_flood(
    services: Services, alice: Person, bob: Person, tmp_path: Path
) -> None:
    with (
        FakeLLM(delay_s=LLM_S) as llm,
        running(environment(services.environment(), llm.base_url, tmp_path), tmp_path) as loci,
        httpx2.Client(base_url=loci.url, headers={"Authorization": f"Token {bob.key}"}, timeout=60) as client,
    ):
        _add(client, "I live in Rome.")  # The worker has loaded its modules.
        flood = accept(alice.tenant, [f"I live in Town {number}." for number in range(FLOOD)])
        singles = [_add(client, f"I love dish {number}.") for number in range(SINGLES)]
        left = with_status(alice.tenant, flood, EventStatus.PENDING)
    seconds = [waited for waited, _ in singles]
    before = [_done_before(alice, bob, event) for _, event in singles]
    print(  # noqa: T201 - the figures are to be published
        f"single adds beside {FLOOD} others, searchable: p50 {statistics.median(seconds):.2f} s,"
        f" at most {max(seconds):.2f} s, after at most {max(before)} of the others"
    )
    assert left > 0, "The flood was over too soon."
    assert max(before) <= MOST_BEFORE


def _add(client: httpx2.Client, text: str) -> tuple[float, UUID]:
    """Adds; returns after how many seconds a search finds the memory, and the event."""
    began = time.monotonic()
    body = {"messages": [{"role": "user", "content": text}], "user_id": "sam"}
    event = client.post("/v3/memories/add/", json=body).raise_for_status().json()["event_id"]
    asked = {"query": text, "filters": {"user_id": "sam"}, "threshold": 0}

    def is_found() -> bool:
        told = client.get(f"/v1/event/{event}/").raise_for_status().json()["results"]
        found = client.post("/v3/memories/search/", json=asked).raise_for_status().json()["results"] if told else []
        return bool(told) and told[0]["id"] in [hit["id"] for hit in found]

    assert wait_for(is_found, FOUND_WITHIN_S), "The single add was not found."
    return time.monotonic() - began, UUID(event)


def _done_before(flooding: Person, person: Person, event_id: UUID) -> int:
    """How many adds of the flood were done between the acceptance of the single one and its end."""
    with tenant_tx(person.tenant):
        single = Event.objects.get(id=event_id)
    with tenant_tx(flooding.tenant):
        return Event.objects.filter(completed_at__range=(single.created_at, single.completed_at)).count()
