"""Reliability A5: a job that kills its worker cannot take the fleet down."""

import json
import signal
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest
from django.db.models.functions import Now

from loci.local.programs import wait_for
from loci.tenancy.context import Tenant, tenant_tx
from memories.extraction.base import InputMessage
from memories.models import Event, EventStatus, Memory
from memories.scope import Scope
from memories.services.accepting import AddRequest, accept_add
from tests.conftest import Person, Services
from tests.fakes.llm import FakeLLM
from tests.fakes.llm_rules import answer_to
from tests.faults.processes import environment, running
from workers.limits import MAX_CRASHES
from workers.models import Job, JobState

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

POISON_PER_ADD = 0.003
"""By the size of the chaos run: Celery misses a killed process for ten seconds."""
OTHERS = 30
BURIED_WITHIN_S = 800


def test_jobs_that_kill_their_worker_are_dead_after_five_crashes(
    services: Services, alice: Person, tmp_path: Path, adds: int
) -> None:
    poisoned = max(1, round(adds * POISON_PER_ADD))
    with FakeLLM() as llm:
        # One process, so that the one that dies is the one that asked.
        env = environment(services.environment(), llm.base_url, tmp_path) | {"WORKER_CONCURRENCY": "1"}
        with running(env, tmp_path) as loci:
            llm.answers = lambda data: _answer(data, loci.processes.pid("worker"))
            poison = [_accept(alice.tenant, f"poison {number}") for number in range(poisoned)]
            others = [_accept(alice.tenant, f"bread {number}") for number in range(OTHERS)]

            def are_over() -> bool:
                _end_leases(alice.tenant, poison)
                return not _open(alice.tenant)

            assert wait_for(are_over, BURIED_WITHIN_S), "Jobs are left over."
    with tenant_tx(alice.tenant):
        dead = Job.objects.filter(event_id__in=poison)
        assert [(job.state, job.attempt, job.soft) for job in dead] == [(JobState.DEAD, MAX_CRASHES + 1, 0)] * poisoned
        assert _statuses(poison) == {EventStatus.FAILED: poisoned}
        assert _statuses(others) == {EventStatus.SUCCEEDED: OTHERS}
        assert Memory.objects.count() == OTHERS


def _answer(data: dict[str, Any], worker: int) -> dict[str, Any]:
    if "poison" in json.dumps(data["messages"] if "messages" in data else data["fact"]):
        for child in psutil.Process(worker).children():
            child.send_signal(signal.SIGKILL)
    return answer_to(data)


def _accept(tenant: Tenant, text: str) -> UUID:
    request = AddRequest(Scope(user_id=f"friend of {text}"), (InputMessage("user", f"This is {text}."),))
    return accept_add(tenant, request).event_id


def _end_leases(tenant: Tenant, events: list[UUID]) -> None:
    """Of who was killed: they would end by themselves, after thirteen seconds each."""
    with tenant_tx(tenant):
        held = Job.objects.filter(event_id__in=events, state=JobState.RUNNING, lease_until__gt=Now())
        held.update(lease_until=Now(), published_at=None)


def _open(tenant: Tenant) -> bool:
    with tenant_tx(tenant):
        return bool(Job.objects.filter(state__in=[JobState.PENDING, JobState.RUNNING]).exists())


def _statuses(events: list[UUID]) -> Counter[str]:
    return Counter(Event.objects.filter(id__in=events).values_list("status", flat=True))
