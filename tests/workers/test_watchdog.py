from datetime import timedelta

import pytest
from django.utils import timezone

from loci.tenancy.context import Tenant
from tests.workers.support import change, new_job, take
from workers import watchdog

QUEUES = ["extraction", "graph"]
A_MINUTE_AGO = timedelta(minutes=-1)


@pytest.fixture(autouse=True)
def silent_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """This worker took nothing for a long time."""
    monkeypatch.setattr(watchdog, "SILENT_FOR_S", 0)


def overdue(tenant: Tenant, queue: str = "extraction", lane: str | None = None) -> None:
    """A job that is due for a minute, and that the dispatcher rings for again and again."""
    long_due = timezone.now() + A_MINUTE_AGO
    new_job(tenant, queue=queue, lane=lane, not_before=long_due, published_at=timezone.now())


def test_a_worker_that_hears_no_ring_is_stalled(tenant: Tenant) -> None:
    overdue(tenant)
    assert watchdog.is_stalled(QUEUES)


def test_a_worker_without_work_is_not_stalled(tenant: Tenant) -> None:
    assert not watchdog.is_stalled(QUEUES)
    new_job(tenant, published_at=timezone.now())
    overdue(tenant, queue="webhooks")
    assert not watchdog.is_stalled(QUEUES)


def test_jobs_that_nobody_was_rung_for_are_not_the_workers_fault(tenant: Tenant) -> None:
    new_job(tenant, not_before=timezone.now() + A_MINUTE_AGO)
    assert not watchdog.is_stalled(QUEUES)


def test_jobs_that_wait_for_their_lane_are_not_the_workers_fault(tenant: Tenant) -> None:
    running = new_job(tenant, lane="user:alex")
    overdue(tenant, lane="user:alex")
    take(tenant, running)
    assert not watchdog.is_stalled(QUEUES)
    change(tenant, running, state="done")
    assert watchdog.is_stalled(QUEUES)


def test_a_worker_that_claimed_something_lately_is_not_stalled(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    overdue(tenant)
    monkeypatch.setattr(watchdog, "SILENT_FOR_S", 60)
    watchdog.note_claim()
    assert not watchdog.is_stalled(QUEUES)
