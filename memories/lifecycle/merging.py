"""Which memories may be merged, and which of two stays (design.md §2, superseded); inside the caller's `tenant_tx`.

A merge hides one of two memories that say the same. So that nothing is lost, all else that is known of them is the same
too, and the one that stays is the one that more vouches for.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count

from memories.models import Attribute, Memory, MemoryState, Revision, Trust

SAME = ("user_id", "agent_id", "app_id", "run_id", "event_time", "expires_on", "lifetime", "speaker_name")
"""Beside their metadata: what two memories that say the same may not differ in."""
LEAST_TRUSTED_LAST = list(Trust)

Pair = tuple[Memory, Memory]
"""The memory that stays, and the one that is merged into it."""


def may_merge(memory: Memory, other: Memory) -> bool:
    """Tells whether `other` may be merged into `memory`, if they say the same: both locked, as they are now."""
    return (
        all(each.state == MemoryState.ACTIVE and not each.immutable for each in (memory, other))
        and _kind_of(memory) == _kind_of(other)
        and _distrust(memory) <= _distrust(other)
        # What supports an attribute of an entity stays, or the attribute would be hidden with it.
        and not _supporting([other.id])
    )


def pairs_of(memories: Sequence[Memory]) -> Iterator[Pair]:
    """Yields the merges that leave one of these locked memories, which all say the same, of each kind."""
    by_kind: dict[Any, list[Memory]] = defaultdict(list)
    for memory in memories:
        by_kind[_kind_of(memory)].append(memory)
    supporting, said = _supporting([each.id for each in memories]), _times_said([each.id for each in memories])

    def rank(memory: Memory) -> Any:
        return (memory.id not in supporting, _distrust(memory), -said.get(memory.id, 0), memory.created_at, memory.id)

    for alike in by_kind.values():
        first, *others = sorted(alike, key=rank)
        yield from ((first, other) for other in others if may_merge(first, other))


def _kind_of(memory: Memory) -> Any:
    # Of what has none, metadata are NULL or an empty object; the order of their keys is Postgres' own.
    return (*(getattr(memory, name) for name in SAME), repr(memory.metadata or {}))


def _distrust(memory: Memory) -> int:
    return LEAST_TRUSTED_LAST.index(Trust(memory.trust))


def _supporting(memory_ids: Collection[UUID]) -> set[UUID]:
    return set(Attribute.objects.filter(memory_id__in=memory_ids).values_list("memory_id", flat=True))


def _times_said(memory_ids: Collection[UUID]) -> dict[UUID, int]:
    believed = Revision.objects.filter(memory_id__in=memory_ids, recorded_to__isnull=True)
    return dict(believed.values_list("memory_id").annotate(count=Count("id")).order_by())
