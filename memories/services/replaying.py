"""Adds that were given up are tried again from what was kept of them (reliability.md §2.10)."""

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from memories.models import Event, EventStatus, EventType, Message
from workers import jobs


def failed_adds(since: datetime) -> QuerySet[Event]:
    """Returns the adds of the current project that were given up since then, and may be told again.

    Not those that were cancelled, whose events have no end, nor those of which a message was erased or taken back.
    """
    messages = Message.objects.filter(event=OuterRef("id"))
    failed: QuerySet[Event] = Event.objects.filter(
        Exists(messages),
        ~Exists(messages.filter(in_context=False)),
        event_type=EventType.ADD,
        status=EventStatus.FAILED,
        completed_at__gte=since,
    )
    return failed


def replay(since: datetime) -> list[UUID]:
    """Gives the jobs of `failed_adds` back to the workers, as if they were new; returns their events.

    Runs inside the caller's `tenant_tx`.
    """
    revived = jobs.revive(failed_adds(since).values("id"))
    Event.objects.filter(id__in=revived).update(
        status=EventStatus.PENDING, error="", started_at=None, completed_at=None, updated_at=timezone.now()
    )
    return revived
