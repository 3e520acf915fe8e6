"""What is made of memories does not outlive them: summaries and profiles. Everything runs inside a `tenant_tx`.

Writing a summary takes a model seconds, in which its memories may be deleted. So whoever keeps what was made asks
`are_unchanged` in the same commit, and whoever deletes calls `drop_derived`: one of them waits for the other.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import BigIntegerField, Count, Exists, F, Func, OuterRef, Q, Sum, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from loci.http.idempotency import KEPT_FOR, erase_answers
from loci.tenancy.batches import delete_some
from loci.tenancy.context import current_project_id
from loci.tenancy.models import first_id
from memories.models import (
    Attribute,
    Entity,
    Memory,
    MemoryState,
    Profile,
    ProfileJob,
    ProfileJobStatus,
    ProfileOperation,
    ProfileStatus,
    Summary,
)
from memories.queries import SEARCHED_ONLY, visible
from memories.scope import EntityType
from workers import jobs
from workers.models import Job, JobState

SUMMARIES_KEPT_FOR = timedelta(days=7)
PROFILE_JOBS_KEPT_FOR = timedelta(days=30)

REFRESH, REFRESH_QUEUE = "profiles", "maintenance"
"""The kind of job that finds the profiles whose memories have changed."""
OUTDATED: Final = {"outdated": True}
"""Where one begins that looks only at profiles that are known to be outdated: they have no stamp."""
REFRESHED_AFTER = timedelta(minutes=5)
"""Who deletes one memory often deletes more: profiles are made again when that is likely over."""

_VERSION = Func(Cast("id", TextField()), F("version"), function="hashtextextended", output_field=BigIntegerField())
_STATE = {"total": Count("id"), "versions": Sum(_VERSION)}


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
    state = found.aggregate(**_STATE)
    is_attribute = Exists(Attribute.objects.filter(memory_id=OuterRef("id")))
    best = found.annotate(is_attribute=is_attribute).order_by(
        "-is_attribute", F("importance").desc(nulls_last=True), "-created_at", "-id"
    )
    return Covered(list(best.defer(*SEARCHED_ONLY)[:most]), state["total"], _stamp(state))


def stamps_of(users: Collection[str], where: Q) -> dict[str, str]:
    """Returns for each of these users the stamp that `cover` would, of what is remembered where `where` admits it."""
    states = visible(where & Q(user_id__in=users)).values("user_id").annotate(**_STATE)
    found = {state["user_id"]: state for state in states}
    return {user: _stamp(found.get(user, {})) for user in users}


def _stamp(state: Mapping[str, Any]) -> str:
    return f"{state.get('total', 0)} {state.get('versions') or 0}"


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
    """Deletes the summaries that may repeat what these memories said, and empties the profiles of their users.

    Those are generated again soon, where profiles are on.
    """
    if not memories:
        return
    _lock("pg_advisory_xact_lock_shared")
    Summary.objects.filter(_may_cover(memories)).delete()
    users = {memory.user_id for memory in memories if memory.user_id is not None}
    profiles = Profile.objects.filter(entity__type=EntityType.USER, entity__name__in=users)
    if profiles.update(content={}, status=ProfileStatus.PENDING, error="", stamp=""):
        _refresh_soon()


def renew_profile(memory: Memory) -> None:
    """Has the profile of the memory's user generated again soon: the memory is hidden, or shown again."""
    _lock("pg_advisory_xact_lock_shared")
    profiles = Profile.objects.filter(entity__type=EntityType.USER, entity__name=memory.user_id)
    if profiles.exclude(stamp="").update(stamp=""):
        _refresh_soon()


def _refresh_soon() -> None:
    """A job that is not due yet does for all who delete or hide until then."""
    now = timezone.now()
    waiting = Job.objects.filter(kind=REFRESH, queue=REFRESH_QUEUE, state=JobState.PENDING, not_before__gt=now)
    if not waiting.exists():
        jobs.enqueue(kind=REFRESH, queue=REFRESH_QUEUE, not_before=now + REFRESHED_AFTER, cursor=OUTDATED)


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


def prune_summaries(now: datetime, most: int) -> int:
    """Deletes up to `most` summaries that nobody has renewed for a week; returns how many."""
    return delete_some(Summary.objects.filter(created_at__lt=now - SUMMARIES_KEPT_FOR).order_by("created_at"), most)


def prune_profile_jobs(now: datetime, most: int) -> int:
    """Deletes up to `most` ended generations that were asked for a month ago; returns how many."""
    ended = [ProfileJobStatus.SUCCEEDED, ProfileJobStatus.FAILED]
    old = ProfileJob.objects.filter(id__lt=first_id(now - PROFILE_JOBS_KEPT_FOR), status__in=ended)
    return delete_some(old.order_by("id"), most)


def _lock(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [f"{current_project_id()} derived"])
