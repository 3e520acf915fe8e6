"""Memories are hidden in a way that can be taken back; inside the caller's `tenant_tx`.

A closed memory is like one that another made untrue (design.md §2): lists and searches leave it out, its id still
answers, and its statements end. Opened again, it says what it said, from when to when it did.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from loci.errors import DomainError
from loci.tenancy.models import new_id
from memories.lifecycle.derived import renew_profile
from memories.models import Attribute, Memory, MemoryState
from memories.notices import Change, Happened, tell
from memories.resolution import timeline
from workers import outcomes
from workers.outcomes import Outcome

CHANGED = "A memory of this review has changed since."


def close(memory: Memory, *, merged_into: Memory | None = None) -> dict[str, Any]:
    """Hides an active memory from now on, and returns what `reopen` needs, as JSON."""
    now = timezone.now()
    newest = timeline.believed(memory)[-1]
    # A statement may be dated into the future.
    timeline.end(memory, at=max(now, newest.valid_from), recorded_at=now)
    changes = {"state": MemoryState.SUPERSEDED, "replaced_by": merged_into, "updated_at": now}
    Memory.objects.filter(id=memory.id).update(**changes, version=F("version") + 1)
    outcomes.record(Outcome(meter="update", source=new_id()))
    renew_profile(memory)
    tell([Change(memory.id, Happened.DELETE)])
    return {"id": str(memory.id), "updated_at": memory.updated_at.isoformat(), "supports": _supported(memory.id)}


def reopen(closed: Mapping[str, Any]) -> None:
    """Takes back what `close` did. Raises `DomainError` (409) where an attribute has another value since."""
    memory = Memory.objects.defer("embedding", "terms").get(id=closed["id"])
    if _supported(memory.id) != closed["supports"]:
        raise DomainError(CHANGED, status=409)
    timeline.hold_until(timeline.believed(memory)[-1], None)
    changes = {"state": MemoryState.ACTIVE, "replaced_by": None, "updated_at": parse_datetime(closed["updated_at"])}
    Memory.objects.filter(id=memory.id).update(**changes, version=F("version") + 1)
    outcomes.record(Outcome(meter="update", source=new_id()))
    renew_profile(memory)
    tell([Change(memory.id, Happened.ADD)])


def _supported(memory_id: UUID) -> Sequence[str]:
    """The attributes whose values the memory gives: hidden with it, they are known again when it is."""
    return sorted(map(str, Attribute.objects.filter(memory_id=memory_id).values_list("id", flat=True)))
