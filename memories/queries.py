"""Reads of memories, entities and events. Each runs inside the caller's `tenant_tx`, unless it says otherwise."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from loci.errors import NotFound
from memories.models import Cause, Entity, Event, Memory, MemoryState, Message, Revision
from memories.scope import EntityType

MEMORY_NOT_FOUND = "Memory not found!"
EVENT_NOT_FOUND = "Event not found or you don't have permission to access it."
SHOWN_CAUSES = (Cause.ADD, Cause.UPDATE, Cause.DELETE)


def memory_of(memory_id: UUID, *, lock: bool = False) -> Memory:
    """Returns a memory that was not deleted; raises `NotFound`. Expired and superseded ones are still found."""
    memories = Memory.objects.exclude(state=MemoryState.DELETED).defer("embedding", "terms")
    if lock:
        memories = memories.select_for_update(of=["self"])
    memory: Memory | None = memories.filter(id=memory_id).first()
    if memory is None:
        raise NotFound(MEMORY_NOT_FOUND, body={"error": MEMORY_NOT_FOUND})
    return memory


def visible(where: Q, *, show_expired: bool = False, include_superseded: bool = False) -> QuerySet[Memory]:
    """Returns the memories that lists and searches show (contract.md §14, Expiration; design.md §2)."""
    states = [MemoryState.ACTIVE, MemoryState.SUPERSEDED] if include_superseded else [MemoryState.ACTIVE]
    memories = Memory.objects.filter(where, state__in=states)
    if not show_expired:
        # A memory is good to the end of its day, in UTC.
        memories = memories.filter(Q(expires_on__isnull=True) | Q(expires_on__gte=timezone.now().date()))
    return memories


def newest_first(memories: QuerySet[Memory]) -> QuerySet[Memory]:
    """Returns the memories in the order of lists, without the columns that only searches read."""
    return memories.defer("embedding", "terms").order_by("-created_at", "-id")


def history_of(memory_id: UUID) -> list[dict[str, Any]]:
    """Returns what history shows of a memory, oldest first, also of a deleted one; raises `NotFound` for no memory."""
    memory = Memory.objects.filter(id=memory_id).only("id", "metadata", "categories", "project_id").first()
    if memory is None:
        raise NotFound(MEMORY_NOT_FOUND, body={"error": MEMORY_NOT_FOUND})
    shown = Revision.objects.filter(memory_id=memory_id, cause__in=SHOWN_CAUSES)
    revisions = list(shown.order_by("recorded_from", "id"))
    inputs = _inputs([revision for revision in revisions if revision.text])
    entries, before = [], None
    for revision in revisions:
        # What was said before what is known already changed nothing that the memory says now.
        is_late = revision.cause == Cause.UPDATE and revision.valid_to is not None
        entries.append(_entry(memory, revision, None if is_late else before, inputs.get(revision.event_id, [])))
        if not is_late:
            before = revision.text or None
    return entries


def _entry(memory: Memory, revision: Revision, before: str | None, messages: Sequence[Any]) -> dict[str, Any]:
    deleted = revision.cause == Cause.DELETE
    return {
        "id": str(revision.id),
        "memory_id": str(memory.id),
        "input": messages if revision.text else [],
        "old_memory": before,
        "new_memory": None if deleted else revision.text or None,
        "user_id": revision.user_id,
        "agent_id": revision.agent_id,
        "app_id": revision.app_id,
        "run_id": revision.run_id,
        "session_id": revision.run_id,
        "categories": memory.categories,
        "event": revision.cause,
        "metadata": memory.metadata,
        "created_at": revision.valid_from,
        "updated_at": revision.recorded_from,
        "valid_from": revision.valid_from,
        "valid_to": revision.valid_to,
    }


def _inputs(revisions: Sequence[Revision]) -> Mapping[UUID | None, list[dict[str, str]]]:
    inputs: dict[UUID | None, list[dict[str, str]]] = {}
    messages = Message.objects.filter(event_id__in={revision.event_id for revision in revisions}, in_context=True)
    for message in messages.order_by("event_id", "position"):
        inputs.setdefault(message.event_id, []).append({"role": message.role, "content": message.content})
    return inputs


def event_of(event_id: UUID) -> Event:
    """Returns an event; raises `NotFound`."""
    event: Event | None = Event.objects.filter(id=event_id).first()
    if event is None:
        raise NotFound(EVENT_NOT_FOUND, body={"error": EVENT_NOT_FOUND})
    return event


def entities() -> QuerySet[Entity]:
    """Returns the project's entities, in the order in which they appeared."""
    return Entity.objects.order_by("number")


def memory_counts(entities_of_page: Sequence[Entity]) -> dict[UUID, int]:
    """Returns how many active memories each of the entities has."""
    counts: dict[UUID, int] = {}
    for kind in EntityType:
        of_kind = {entity.name: entity.id for entity in entities_of_page if entity.type == kind}
        if not of_kind:
            continue
        column = f"{kind}_id"
        active = Memory.objects.filter(Q(**{f"{column}__in": list(of_kind)}), state=MemoryState.ACTIVE)
        for name, count in active.values_list(column).annotate(count=Count("id")).order_by():
            counts[of_kind[name]] = count
    return counts


def totals() -> dict[str, int]:
    """Returns how many entities of each type the project has: `{"user": 3, ...}`."""
    counted = Entity.objects.values_list("type").annotate(count=Count("id")).order_by()
    return {**dict.fromkeys(map(str, EntityType), 0), **dict(counted)}
