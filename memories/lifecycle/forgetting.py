"""Memories are forgotten: text, vectors and every copy go at once; that there was a memory stays (design.md §2)."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from loci.http.idempotency import erase_answers
from memories.exports import copies
from memories.lifecycle.derived import drop_derived
from memories.lifecycle.reviews import drop_reviews
from memories.models import (
    OPEN_STATUSES,
    Access,
    Attribute,
    Blob,
    Cause,
    Event,
    Feedback,
    Memory,
    MemoryState,
    Message,
    Revision,
)
from memories.notices import Change, Happened, tell
from memories.text import NOT_FOUND_BY
from workers import outcomes


def forget(memories: Collection[Memory]) -> None:
    """Empties these memories and everything that repeats their texts, inside the caller's `tenant_tx`."""
    ids = [memory.id for memory in memories]
    emptied = {**_EMPTY, **_NAMES_NOTHING, "state": MemoryState.DELETED, "updated_at": timezone.now()}
    Memory.objects.filter(id__in=ids).update(**emptied, version=F("version") + 1)
    for about in (Attribute, Access, Feedback):
        about.objects.filter(memory_id__in=ids).delete()
    drop_reviews(ids)
    drop_derived(memories)
    _empty_revisions(memories)
    event_ids = _events_about(ids)
    _blank_results(event_ids, {str(memory_id) for memory_id in ids})
    erase_answers({*event_ids, *ids})
    _leave_context(event_ids)
    # An event that is still at work reads its files and takes them away itself.
    Blob.objects.filter(event_id__in=event_ids).exclude(event__status__in=OPEN_STATUSES).delete()
    copies.take_out(memories)
    outcomes.forgotten(ids)
    tell(Change(memory_id, Happened.DELETE) for memory_id in ids)


_EMPTY: dict[str, Any] = {
    "text": "",
    "hash": "",
    "metadata": None,
    "categories": None,
    "importance": None,
    **NOT_FOUND_BY,
}

_NAMES_NOTHING: dict[str, Any] = {
    "topics": [],
    "topic_keys": [],
    "relations": [],
    "event_time": None,
    "speaker_name": "",
}


def _empty_revisions(memories: Collection[Memory]) -> None:
    now = timezone.now()
    revisions = Revision.objects.filter(memory_id__in=[memory.id for memory in memories])
    revisions.filter(recorded_to__isnull=True).update(recorded_to=now)
    said: dict[str, Any] = {"text": "", "attribute_key": "", "attribute_value": "", "own_words": None, "judged": None}
    revisions.update(**said, speaker_name="", **NOT_FOUND_BY)
    Revision.objects.bulk_create(
        Revision(
            memory_id=memory.id,
            user_id=memory.user_id,
            agent_id=memory.agent_id,
            app_id=memory.app_id,
            run_id=memory.run_id,
            text="",
            valid_from=now,
            cause=Cause.DELETE,
        )
        for memory in memories
    )


def _events_about(ids: Collection[UUID]) -> set[UUID]:
    """The events whose results name these memories: those that said them, and those that superseded them."""
    successors = Memory.objects.filter(id__in=ids, replaced_by__isnull=False).values("replaced_by")
    said = Revision.objects.filter(Q(memory_id__in=ids) | Q(memory_id__in=successors), event_id__isnull=False)
    return set(said.values_list("event_id", flat=True))


def _blank_results(event_ids: Collection[UUID], memory_ids: Collection[str]) -> None:
    events = list(Event.objects.filter(id__in=event_ids).order_by("id").select_for_update(of=["self"]))
    for event in events:
        event.results = [_blank(item) if item.get("id") in memory_ids else item for item in event.results]
        event.verdicts = [_blank(item) if item.get("id") in memory_ids else item for item in event.verdicts]
    Event.objects.bulk_update(events, ["results", "verdicts"])


def _blank(item: dict[str, Any]) -> dict[str, Any]:
    kept = ("id", "event", "verdict")
    return {name: item[name] for name in kept if name in item}


def _leave_context(event_ids: Collection[UUID]) -> None:
    """Messages that no living memory comes from are not shown to an extractor again.

    What names no sources may come from any message of its event.
    """
    from_message = Q(sources=[]) | Q(sources__contains=[OuterRef("position")])
    used = Revision.objects.filter(from_message, event_id=OuterRef("event_id"))
    living = used.exclude(memory__state=MemoryState.DELETED)
    Message.objects.filter(Exists(used), ~Exists(living), event_id__in=event_ids).update(in_context=False)
