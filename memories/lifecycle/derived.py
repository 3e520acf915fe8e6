"""What is made of memories does not outlive them: summaries and profiles. Everything runs inside a `tenant_tx`.

Writing a summary takes a model seconds, in which its memories may be deleted. So whoever keeps what was made asks
`are_unchanged` in the same commit, and whoever deletes calls `drop_derived`: one of them waits for the other.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.db.models import BigIntegerField, Count, Exists, F, Func, OuterRef, Q, Sum, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from loci.http.idempotency import KEPT_FOR, erase_answers
from loci.tenancy.context import current_project_id
from memories.models import (
    Attribute,
    Entity,
    Memory,
    MemoryState,
    Profile,
    ProfileJob,
    ProfileOperation,
    ProfileStatus,
    Summary,
)
from memories.queries import SEARCHED_ONLY, visible
from memories.scope import EntityType

SUMMARIES_KEPT_FOR = timedelta(days=7)
PURGED_AT_ONCE = 100


@dataclass(frozen=True)
class Covered:
    """Memories of which something is to be made: the best of them, how many there are, and in which state."""

    memories: Sequence[Memory]
    total: int
    stamp: str


def cover(where: Q, *, most: int) -> Covered:
    """Returns what is remembered where `where` admits it: what gives an attribute its value, the important, the newest.

    The stamp is another one as soon as one of all these memories changes, comes or goes.
    """
    found = visible(where)
    version = Func(Cast("id", TextField()), F("version"), function="hashtextextended", output_field=BigIntegerField())
    state = found.aggregate(total=Count("id"), versions=Sum(version))
    is_attribute = Exists(Attribute.objects.filter(memory_id=OuterRef("id")))
    best = found.annotate(is_attribute=is_attribute).order_by(
        "-is_attribute", F("importance").desc(nulls_last=True), "-created_at", "-id"
    )
    stamp = f"{state['total']} {state['versions'] or 0}"
    return Covered(list(best.defer(*SEARCHED_ONLY)[:most]), state["total"], stamp)


def are_unchanged(memories: Collection[Memory]) -> bool:
    """Tells whether all of these still say what they did when they were read.

    Until the transaction ends they cannot be deleted.
    """
    _lock("pg_advisory_xact_lock")
    said = {memory.id: memory.version for memory in memories}
    remaining = Memory.objects.filter(id__in=list(said)).exclude(state=MemoryState.DELETED)
    return dict(remaining.values_list("id", "version")) == said


def owner_of(memory: Memory) -> str:
    """Returns the name of the first entity that the memory is about, in the order of lanes."""
    return memory.user_id or memory.agent_id or memory.app_id or memory.run_id or ""


def drop_derived(memories: Collection[Memory]) -> None:
    """Deletes the summaries that may repeat what these memories said, and empties the profiles of their users."""
    if not memories:
        return
    _lock("pg_advisory_xact_lock_shared")
    Summary.objects.filter(_may_cover(memories)).delete()
    users = {memory.user_id for memory in memories if memory.user_id is not None}
    profiles = Profile.objects.filter(entity__type=EntityType.USER, entity__name__in=users)
    profiles.update(content={}, status=ProfileStatus.PENDING, error="")


def _may_cover(memories: Collection[Memory]) -> Q:
    """Of each kind of entity, a summary is about none in particular, or about one of theirs."""
    found = Q()
    for kind in EntityType:
        column = f"{kind}_id"
        names = {getattr(memory, column) for memory in memories} - {None}
        found &= Q(**{f"{column}__isnull": True}) | Q(**{f"{column}__in": names})
    return found


def drop_derived_of(kind: EntityType, name: str) -> None:
    """Deletes what was made of an entity's memories, and what answers say of its profile, before it is removed."""
    Summary.objects.filter(**{f"{kind}_id": name}).delete()
    # Locked: a profile that is being kept now is there before it is looked for.
    entities = Entity.objects.filter(type=kind, name=name).select_for_update(of=["self"])
    named = list(entities.values_list("id", flat=True))
    Profile.objects.filter(entity__in=named).delete()
    recent = ProfileJob.objects.filter(operation=ProfileOperation.SAMPLE, created_at__gte=timezone.now() - KEPT_FOR)
    erase_answers(list(recent.filter(entities__overlap=named).values_list("id", flat=True)))


def purge_summaries() -> None:
    """Deletes some of the summaries that nobody has renewed for a week."""
    old = Summary.objects.filter(created_at__lt=timezone.now() - SUMMARIES_KEPT_FOR).order_by("created_at")
    some = old.select_for_update(of=["self"], skip_locked=True)[:PURGED_AT_ONCE]
    Summary.objects.filter(id__in=[*some.values_list("id", flat=True)]).delete()


def _lock(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [f"{current_project_id()} derived"])
