"""The life of an event, told by its job, inside the job's transactions."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from memories.models import Event, EventStatus
from memories.notices import tell_failed_job
from memories.resolution.verdicts import Verdict, results_of
from workers.jobs import Claim


def mark_running(claim: Claim) -> None:
    """Notes that work on the event has begun."""
    now = timezone.now()
    Event.objects.filter(id=claim.event_id).update(status=EventStatus.RUNNING, started_at=now, updated_at=now)


def mark_pending(claim: Claim) -> None:
    """Notes that work on the event will go on later."""
    Event.objects.filter(id=claim.event_id).update(status=EventStatus.PENDING, updated_at=timezone.now())


def note(event_id: UUID, verdicts: list[Verdict]) -> None:
    """Adds what came of one step of the event's work to what is known of it."""
    event = Event.objects.select_for_update(of=["self"]).get(id=event_id)
    Event.objects.filter(id=event_id).update(
        results=event.results + results_of(verdicts),
        verdicts=event.verdicts + [verdict.as_json() for verdict in verdicts],
        updated_at=timezone.now(),
    )


def mark_failed(claim: Claim, reason: str) -> None:
    """Notes that the event's job was given up."""
    _end(claim.event_id, status=EventStatus.FAILED, error=reason)
    tell_failed_job(claim.kind, claim.event_id, reason)


def mark_succeeded(event_id: UUID, **changes: Any) -> None:
    """Notes that the event's work is done, and what came of it."""
    _end(event_id, status=EventStatus.SUCCEEDED, **changes)


def _end(event_id: UUID | None, **changes: Any) -> None:
    now = timezone.now()
    Event.objects.filter(id=event_id).update(completed_at=now, updated_at=now, **changes)
