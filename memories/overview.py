"""What a project holds: its entities, and how much is remembered. Each runs inside the caller's `tenant_tx`."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import CharField, Count, F, Func, Q, QuerySet

from loci.models import RequestLog
from memories.models import Entity, Event, EventType, Memory, MemoryState
from memories.scope import EntityType

RETRIEVALS = (EventType.SEARCH, EventType.GET_ALL, EventType.GET)
MAX_CHOICES = 1_000


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


def entity_totals() -> dict[str, int]:
    """Returns how many entities of each type the project has: `{"user": 3, ...}`."""
    counted = Entity.objects.values_list("type").annotate(count=Count("id")).order_by()
    return {**dict.fromkeys(map(str, EntityType), 0), **dict(counted)}


def newest_names() -> dict[EntityType, list[str]]:
    """Returns the names of the newest 1,000 entities of each type, the newest first."""
    return {
        kind: list(Entity.objects.filter(type=kind).order_by("-number").values_list("name", flat=True)[:MAX_CHOICES])
        for kind in EntityType
    }


def categories_in_use() -> list[str]:
    """Returns the categories of active memories, at most 1,000, in the order of the alphabet."""
    each = Func(F("categories"), function="unnest", output_field=CharField())
    each.set_returning = True
    found = Memory.objects.filter(state=MemoryState.ACTIVE).values_list(each, flat=True).distinct()
    return sorted(found[:MAX_CHOICES])


def memory_totals() -> dict[str, int]:
    """Returns how many active memories there are, how many users, agents and runs have some, and how many those are.

    `{"memories": 9, "users": 2, "of_users": 8, ...}`.
    """
    counts = {"memories": Count("id")}
    for kind in ("user", "agent", "run"):
        counts[f"{kind}s"] = Count(f"{kind}_id", distinct=True)
        counts[f"of_{kind}s"] = Count(f"{kind}_id")
    return Memory.objects.filter(state=MemoryState.ACTIVE).aggregate(**counts)


def retrieval_events() -> int:
    """Returns how many requests read memories and were answered, as far as the request log goes back."""
    return RequestLog.objects.filter(operation__in=RETRIEVALS, status__lt=400).count()


def add_events() -> int:
    """Returns how many adds were accepted."""
    return Event.objects.filter(event_type=EventType.ADD).count()
