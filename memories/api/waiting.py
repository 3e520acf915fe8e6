"""Requests that wait for their own job: synchronous adds, and adds that wait a moment (design.md §3.1, §3.5)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from uuid import UUID

from django.conf import settings

from loci.errors import DomainError
from loci.tenancy.context import Tenant, tenant_tx
from memories.models import OPEN_STATUSES, Event, EventStatus
from memories.services.accepting import Accepted
from workers import jobs
from workers.tasks.running import Kind, run

LANE_WAIT_S = 5.0
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.1

# At most half of the threads may wait; the others go on answering.
_places = BoundedSemaphore(max(1, settings.WEB_THREADS // 2))


@contextmanager
def place(*, needed: bool) -> Iterator[None]:
    """Holds a place among the threads that may wait. Raises `DomainError` (503) when one is needed and none is free."""
    if not needed:
        yield
        return
    if not _places.acquire(blocking=False):
        raise DomainError("Too many synchronous adds at once. Try again, or add asynchronously.", status=503)
    try:
        yield
    finally:
        _places.release()


def run_now(kind: Kind, tenant: Tenant, accepted: Accepted) -> Event:
    """Runs the job in this thread and returns its event.

    A busy lane is waited for up to 5 seconds; a job that a worker took meanwhile, as long as it may take.
    """
    assert accepted.job_id is not None  # noqa: S101 - only replays have none
    for _ in _until(LANE_WAIT_S):
        claimed = run(kind, tenant, accepted.job_id)
        event = _event(tenant, accepted.event_id)
        if event.status == EventStatus.RUNNING:
            return _followed(tenant, accepted.event_id, kind.limits.budget)
        # Claimed and still open: a dependency failed, or a step is left, and a worker goes on.
        if claimed or event.status not in OPEN_STATUSES:
            break
    return event


def run_if_free(kind: Kind, tenant: Tenant, accepted: Accepted) -> None:
    """Runs the job in this thread where a place is free; else it is left to a worker."""
    if not _places.acquire(blocking=False):
        assert accepted.job_id is not None  # noqa: S101 - as above
        with tenant_tx(tenant):
            jobs.unpublish(accepted.job_id)
        return
    try:
        run_now(kind, tenant, accepted)
    finally:
        _places.release()


def wait_for(tenant: Tenant, accepted: Accepted, milliseconds: int) -> Event:
    """Returns the event once its job is done, or as it stands after this time; with no place free it does not wait."""
    event = accepted.event or _event(tenant, accepted.event_id)
    if event.status not in OPEN_STATUSES or milliseconds == 0 or not _places.acquire(blocking=False):
        return event
    try:
        return _followed(tenant, accepted.event_id, milliseconds / 1000)
    finally:
        _places.release()


def _followed(tenant: Tenant, event_id: UUID, seconds: float) -> Event:
    for _ in _until(seconds):
        event = _event(tenant, event_id)
        if event.status not in OPEN_STATUSES:
            break
    return event


def _event(tenant: Tenant, event_id: UUID) -> Event:
    with tenant_tx(tenant):
        event: Event = Event.objects.get(id=event_id)
        return event


def _until(seconds: float) -> Iterator[None]:
    """Yields again and again until the time is over, at least once, with growing pauses between."""
    end = time.monotonic() + seconds
    pause = SHORTEST_PAUSE_S
    yield
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, LONGEST_PAUSE_S)
        yield
