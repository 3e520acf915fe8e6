"""Reads of memories and events. Each runs inside the caller's `tenant_tx`, unless it says otherwise."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from loci.errors import NotFound
from loci.models import RequestLog
from loci.tenancy.context import current_project_id, current_tenant
from memories.models import (
    Entity,
    Event,
    EventStatus,
    Memory,
    MemoryState,
    Review,
    ReviewKind,
    ReviewState,
)
from memories.past import Moment, known, told

MEMORY_NOT_FOUND = "Memory not found!"
SEARCHED_ONLY = ("embedding", "terms")
"""Columns of a memory that only searches read."""
EVENT_NOT_FOUND = "Event not found or you don't have permission to access it."
LOGGED_STATUS = {EventStatus.SUCCEEDED: Q(status__lt=400), EventStatus.FAILED: Q(status__gte=400)}
"""Which logged requests have a status of events; they are never under way."""


def memory_of(memory_id: UUID) -> Memory:
    """Returns a memory that was not deleted; raises `NotFound`. Expired and superseded ones are still found."""
    memory: Memory | None = _remaining([memory_id]).defer(*SEARCHED_ONLY).first()
    if memory is None:
        raise no_memory([memory_id])
    return memory


def memory_then(memory_id: UUID, moment: Moment) -> Any:
    """Returns a memory that was not deleted with what it said at a moment, for `past.as_it_was`; raises `NotFound`.

    What had expired or was superseded by then is still found, and says what it last said.
    """
    found = known(moment, Q(id=memory_id), superseded=True)
    row = told(found, moment, superseded=True).defer(*SEARCHED_ONLY).first()
    if row is None:
        raise no_memory([memory_id])
    return row


def memories_of(wanted: Collection[UUID], also: Collection[UUID] = (), *, whole: bool = False) -> list[Memory]:
    """Returns these memories, locked, in the order of their ids; of `also` those that were not deleted.

    Only with `whole` they come with the columns that only searches read. Raises `NotFound` when a wanted one was
    deleted or never was.
    """
    found = _remaining({*wanted, *also}).select_for_update(of=["self"]).order_by("id")
    memories = list(found if whole else found.defer(*SEARCHED_ONLY))
    if missing := set(wanted) - {memory.id for memory in memories}:
        raise no_memory(missing)
    return memories


def _remaining(ids: Collection[UUID]) -> QuerySet[Memory]:
    return Memory.objects.filter(id__in=ids).exclude(state=MemoryState.DELETED)


def no_memory(ids: Iterable[UUID]) -> NotFound:
    """Returns the error of memories that were deleted, never were or are another tenant's (contract.md §2)."""
    return NotFound(MEMORY_NOT_FOUND, body={"error": MEMORY_NOT_FOUND, "memory_ids": sorted(map(str, ids))})


def superseded_by(memory_id: UUID) -> list[UUID]:
    """Returns the ids of the memories that this one superseded, of those that they did, and so on."""
    statement = """
        WITH RECURSIVE older AS (
            SELECT id FROM memory WHERE project_id = %(project)s AND replaced_by_id = %(memory)s
            UNION
            SELECT memory.id FROM memory JOIN older ON memory.replaced_by_id = older.id
            WHERE memory.project_id = %(project)s
        )
        SELECT id FROM older
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, {"project": current_project_id(), "memory": memory_id})
        return [found for (found,) in cursor.fetchall()]


@dataclass(frozen=True)
class Visibility:
    """What lists and searches show (contract.md §14, Expiration; design.md §2).

    `today` is the day by which expiration is judged, today in UTC where it is None. `moment` is the time that is asked
    about; None is now. Memories that were merged into others are superseded too; with `merged`, of now, they alone are
    shown of these.
    """

    expired: bool = False
    superseded: bool = False
    merged: bool = False
    today: date | None = None
    moment: Moment | None = None


USUALLY = Visibility()


def visible(where: Q, visibility: Visibility = USUALLY) -> QuerySet[Memory]:
    """Returns the memories that `where` admits and that are to be shown now."""
    states = [MemoryState.ACTIVE, MemoryState.SUPERSEDED] if visibility.superseded else [MemoryState.ACTIVE]
    shown = Q(state__in=states)
    if visibility.merged:
        shown |= Q(state=MemoryState.SUPERSEDED, id__in=merges().values("other_id"))
    return Memory.objects.filter(where, _not_expired(visibility), shown)


def merges() -> QuerySet[Review]:
    """Returns the reviews by which one memory, the other one, is merged into the first."""
    done: QuerySet[Review] = Review.objects.filter(kind=ReviewKind.DUPLICATE, done__isnull=False)
    return done.exclude(state=ReviewState.UNDONE)


def visible_then(where: Q, moment: Moment, visibility: Visibility) -> QuerySet[Memory]:
    """Returns the memories that are to be shown of a moment, as `past.known` does."""
    return known(moment, where & _not_expired(visibility), superseded=visibility.superseded)


def _not_expired(visibility: Visibility) -> Q:
    if visibility.expired:
        return Q()
    # A memory is good to the end of its day.
    today = visibility.today or timezone.now().date()
    return Q(expires_on__isnull=True) | Q(expires_on__gte=today)


def newest_first(memories: QuerySet[Memory]) -> QuerySet[Memory]:
    """Returns the memories in the order of lists, without the columns that only searches read."""
    return memories.defer(*SEARCHED_ONLY).order_by("-created_at", "-id")


def part_of(memories: QuerySet[Memory], offset: int, size: int) -> tuple[list[Memory], int]:
    """Returns a part of the memories, newest first, and how many there are in all; nothing and 0 beyond the last.

    After a full part those that follow it are counted, so that whatever happens meanwhile, the count is never less than
    what was shown, and what `memories` asks of a row is evaluated once.
    """
    part = list(newest_first(memories)[offset : offset + size])
    if not part:
        return [], 0
    following = _after(part[-1], memories).count() if len(part) == size else 0
    return part, offset + len(part) + following


def _after(last: Memory, memories: QuerySet[Memory]) -> QuerySet[Memory]:
    """What follows in the order of `newest_first`; the upper limit of `created_at` is one that an index can serve."""
    return memories.filter(Q(created_at__lt=last.created_at) | Q(id__lt=last.id), created_at__lte=last.created_at)


def event_of(event_id: UUID) -> Event | RequestLog:
    """Returns an event, or the logged request that is one; raises `NotFound`."""
    event: Event | RequestLog | None = (
        Event.objects.filter(id=event_id).first() or logged_requests().filter(id=event_id).first()
    )
    if event is None:
        raise NotFound(EVENT_NOT_FOUND, body={"error": EVENT_NOT_FOUND})
    _leave_out_others([event])
    return event


def events(created: Q, *, event_type: str = "", status: str = "") -> QuerySet[Any, tuple[UUID, datetime]]:
    """Returns id and time of events and of logged requests that are events, newest first, for `events_of` a page."""
    accepted, logged = Event.objects.filter(created), logged_requests().filter(created)
    if event_type:
        accepted, logged = accepted.filter(event_type=event_type), logged.filter(operation=event_type)
    if status:
        accepted = accepted.filter(status=status)
        logged = logged.filter(LOGGED_STATUS.get(EventStatus(status), Q(id__in=[])))
    keys = accepted.values_list("id", "created_at").union(logged.values_list("id", "created_at"), all=True)
    return keys.order_by("-created_at", "-id")


def events_of(keys: Iterable[tuple[UUID, datetime]]) -> list[Event | RequestLog]:
    """Returns the rows of a page of `events`, in its order."""
    ids = [event_id for event_id, _ in keys]
    found = {**Event.objects.in_bulk(ids), **logged_requests().in_bulk(ids)}
    _leave_out_others(found.values())
    return [found[event_id] for event_id in ids if event_id in found]


def _leave_out_others(found: Iterable[Event | RequestLog]) -> None:
    """Tells a bound key nothing of others' memories: an event of its entity and another one may have changed those."""
    if not current_tenant().entity:
        return
    told = [event for event in found if isinstance(event, Event)]
    named = {item["id"] for event in told for item in [*event.results, *event.verdicts] if "id" in item}
    seen = set(map(str, Memory.objects.filter(id__in=named).values_list("id", flat=True)))
    for event in told:
        event.results = [item for item in event.results if item.get("id") in seen]
        # Without an id it is a fact that became nothing.
        event.verdicts = [item for item in event.verdicts if item.get("id", "") in {"", *seen}]


def logged_requests() -> QuerySet[RequestLog]:
    """Returns the logged requests that are read as events; for a bound key only those about its own entity."""
    logged = RequestLog.objects.exclude(operation="")
    bound_to = current_tenant().entity
    if not bound_to:
        return logged
    kind, _, name = bound_to.partition(":")
    return logged.filter(entity_id__in=Entity.objects.filter(type=kind, name=name).values("id"))
