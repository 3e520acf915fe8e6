"""What is left over of adds, once they are long done (reliability.md §2.14, docs/operating.md).

That there was an add stays, with the ids of its memories; history and rollback need that, and the options that made
the memories what they are. Nothing goes of an add that may still be tried again: of one that is not done, whose job is
dead, or of which a fact waits in the quarantine. Everything runs inside the caller's `tenant_tx`.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef

from loci.tenancy.batches import delete_some
from loci.tenancy.context import current_project_id
from loci.tenancy.models import first_id
from memories.models import Event, EventType, MemoryState, Message, Quarantined, Revision
from workers.models import Job, JobState

OPTIONS = ("infer", "metadata", "immutable", "expiration_date")
"""Of an add's payload: with these, memories are given to another statement (`memories.lifecycle.rollback`)."""
ITEM = ("id", "event", "verdict", "user_id", "quarantine_id", "reason")
"""Of a result or verdict: what quotes nothing."""


def trim_adds(now: datetime, most: int) -> int:
    """Lets up to `most` adds that ended long ago quote nothing any more; returns how many.

    Their messages go too, where no memory came of any, or none is left.
    """
    if settings.RETAIN_EVENTS is None:
        return 0
    before = now - settings.RETAIN_EVENTS
    untrimmed = Event.objects.filter(event_type=EventType.ADD, trimmed_at=None, created_at__lt=before)
    waiting = Quarantined.objects.filter(event=OuterRef("id"), decision="")
    over = untrimmed.filter(~_may_go_on("id"), ~Exists(waiting), updated_at__lt=before).order_by("created_at")
    ids = list(over.select_for_update(of=["self"], skip_locked=True).values_list("id", flat=True)[:most])
    if ids:
        _trim(ids)
        _delete_unused_messages(ids)
    return len(ids)


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


def _trim(event_ids: Collection[UUID]) -> None:
    kept = {"options": list(OPTIONS), "item": list(ITEM)}
    with connection.cursor() as cursor:
        cursor.execute(_TRIM, {"project": current_project_id(), "events": list(event_ids), **kept})


def _delete_unused_messages(event_ids: Collection[UUID]) -> None:
    """What somebody hides or erases at this moment is passed over: that goes all the same."""
    living = Revision.objects.filter(event=OuterRef("event_id")).exclude(memory__state=MemoryState.DELETED)
    delete_some(Message.objects.filter(~Exists(living), event_id__in=event_ids))


def _may_go_on(event: str) -> Exists:
    """Whether the event's job is not done: it is yet to run, or `manage.py replay` may give it back to the workers."""
    return Exists(Job.objects.filter(event_id=OuterRef(event)).exclude(state=JobState.DONE))


_ITEMS = """
    (
        SELECT coalesce(jsonb_agg(left_of.item ORDER BY place), '[]')
        FROM jsonb_array_elements({column}) WITH ORDINALITY AS each(whole, place), LATERAL (
            SELECT coalesce(jsonb_object_agg(key, value), '{{}}') AS item
            FROM jsonb_each(whole) WHERE key = ANY(%(item)s)
        ) AS left_of
    )
"""
# To read events and write them back takes ten times as long.
_TRIM = f"""
    UPDATE event SET
        payload = (
            SELECT coalesce(jsonb_object_agg(key, value), '{{}}') FROM jsonb_each(payload) WHERE key = ANY(%(options)s)
        ),
        results = {_ITEMS.format(column="results")},
        verdicts = {_ITEMS.format(column="verdicts")},
        trimmed_at = now()
    WHERE project_id = %(project)s AND id = ANY(%(events)s)
"""  # noqa: S608 - names of columns only
