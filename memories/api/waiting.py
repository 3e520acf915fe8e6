"""Requests that wait for their own job: synchronous adds, and adds that wait a moment (design.md §3.1, §3.5)."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from loci.errors import DomainError
from loci.http.places import place_if_free, until
from loci.tenancy.context import Tenant, tenant_tx
from memories.models import OPEN_STATUSES, Event, EventStatus
from memories.services.accepting import Accepted
from workers import jobs
from workers.tasks.running import Kind, run

LANE_WAIT_S = 5.0


@contextmanager
def place(*, needed: bool) -> Iterator[None]:
    """Holds a place among the threads that may wait. Raises `DomainError` (503) when one is needed and none is free."""
    if not needed:
        yield
        return
    with place_if_free() as has_place:
        if not has_place:
            raise DomainError("Too many synchronous adds at once. Try again, or add asynchronously.", status=503)
        yield


def run_now(kind: Kind, tenant: Tenant, accepted: Accepted) -> Event:
    """Runs the job in this thread and returns its event.

    A busy lane is waited for up to 5 seconds; a job that a worker took meanwhile, as long as it may take.
    """
    assert accepted.job_id is not None  # noqa: S101 - only replays have none
    for _ in until(LANE_WAIT_S):
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
    assert accepted.job_id is not None  # noqa: S101 - as above
    with place_if_free() as has_place:
        if has_place:
            run_now(kind, tenant, accepted)
            return
    with tenant_tx(tenant):
        jobs.unpublish(accepted.job_id)


def wait_for(tenant: Tenant, accepted: Accepted, milliseconds: int) -> Event:
    """Returns the event once its job is done, or as it stands after this time; with no place free it does not wait."""
    event = accepted.event or _event(tenant, accepted.event_id)
    if event.status not in OPEN_STATUSES or milliseconds == 0:
        return event
    with place_if_free() as has_place:
        return _followed(tenant, accepted.event_id, milliseconds / 1000) if has_place else event


def _followed(tenant: Tenant, event_id: UUID, seconds: float) -> Event:
    for _ in until(seconds):
        event = _event(tenant, event_id)
        if event.status not in OPEN_STATUSES:
            break
    return event


def _event(tenant: Tenant, event_id: UUID) -> Event:
    with tenant_tx(tenant):
        event: Event = Event.objects.get(id=event_id)
        return event
