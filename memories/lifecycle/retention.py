"""What is left over of adds, once they are long done (reliability.md §2.14, docs/operating.md).

That there was an add stays, with the ids of its memories; history and rollback need that, and the options that made
the memories what they are. Nothing goes of an add that may still be tried again: of one that is not done, whose job is
dead, or of which a fact waits in the quarantine. Everything runs inside the caller's `tenant_tx`.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from loci.tenancy.batches import delete_some
from loci.tenancy.models import first_id
from memories.models import OPEN_STATUSES, Event, EventType, MemoryState, Message, Quarantined, Revision
from workers.models import Job, JobState

OPTIONS = ("infer", "metadata", "immutable", "expiration_date")
"""Of an add's payload: with these, memories are given to another statement (`memories.lifecycle.rollback`)."""
ITEM = ("id", "event", "verdict", "user_id", "quarantine_id", "reason")
"""Of a result or verdict: what quotes nothing."""
TRIMMED_AT_ONCE = 100


def trim_adds(now: datetime, most: int) -> int:
    """Lets up to `most` adds that ended long ago quote nothing any more; returns how many.

    Their messages go too, where no memory came of any, or none is left.
    """
    if settings.RETAIN_EVENTS is None:
        return 0
    before = now - settings.RETAIN_EVENTS
    untrimmed = Event.objects.filter(event_type=EventType.ADD, trimmed_at=None, created_at__lt=before)
    over = untrimmed.filter(~_may_go_on("id"), updated_at__lt=before).exclude(status__in=OPEN_STATUSES)
    ended = over.exclude(Exists(Quarantined.objects.filter(event=OuterRef("id"), decision=""))).order_by("created_at")
    events = list(ended.select_for_update(of=["self"], skip_locked=True)[:most])
    for event in events:
        event.payload = _only(OPTIONS, event.payload)
        event.results = [_only(ITEM, item) for item in event.results]
        event.verdicts = [_only(ITEM, item) for item in event.verdicts]
        event.trimmed_at = timezone.now()
    columns = ["payload", "results", "verdicts", "trimmed_at"]
    Event.objects.bulk_update(events, columns)
    _delete_unused_messages([event.id for event in events])
    return len(events)


def prune_hidden_messages(_now: datetime, most: int) -> int:
    """Deletes up to `most` messages that nobody is shown again: their memories are deleted, or were taken back.

    Returns how many.
    """
    return delete_some(Message.objects.filter(~_may_go_on("event_id"), in_context=False), most)


def prune_messages(now: datetime, most: int) -> int:
    """Deletes up to `most` messages that are too old, whether memories came of them or not; returns how many."""
    if settings.RETAIN_MESSAGES is None:
        return 0
    old = Message.objects.filter(~_may_go_on("event_id"), id__lt=first_id(now - settings.RETAIN_MESSAGES))
    return delete_some(old.order_by("id"), most)


def _delete_unused_messages(event_ids: Collection[UUID]) -> None:
    """What somebody hides or erases at this moment is passed over: that goes all the same."""
    living = Revision.objects.filter(event=OuterRef("event_id")).exclude(memory__state=MemoryState.DELETED)
    delete_some(Message.objects.filter(~Exists(living), event_id__in=event_ids))


def _may_go_on(event: str) -> Exists:
    """Whether the event's job is not done: it is yet to run, or `manage.py replay` may give it back to the workers."""
    return Exists(Job.objects.filter(event_id=OuterRef(event)).exclude(state=JobState.DONE))


def _only(names: Collection[str], item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name in names}
