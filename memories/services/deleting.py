"""Memories are deleted: by their ids at once, by filters in a job whose first step the request itself takes.

See contract.md §5.3, §5.12 and §7.
"""

import time
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from loci.tenancy.context import Tenant, tenant_tx, unbound
from loci.tenancy.models import new_id
from memories.lifecycle.erasure import begin_erasure, erase_sources, of_entity
from memories.lifecycle.forgetting import forget
from memories.lifecycle.quarantine import discard, undecided
from memories.lifecycle.reviews import merged_into
from memories.models import Event, Memory, MemoryState
from memories.queries import memories_of, superseded_by
from memories.retrieval.filters import to_q
from memories.retrieval.filters.parser import ENTITY_FIELDS
from memories.retrieval.filters.request import fold_deletion
from memories.retrieval.filters.tree import fields_of
from memories.scope import EntityType
from memories.services import events
from memories.services.accepting import Accepted
from workers import jobs, outcomes
from workers.jobs import Claim
from workers.outcomes import Outcome

KIND = "delete"
QUEUE = "maintenance"

BATCH = 500
STEP_S = 3.0
"""Whoever runs the job deletes for this long, and leaves the rest to the next step."""

OF_ENTITY = "DELETE_USER"
OF_FILTERS = "DELETE_ALL"


def delete_memory(tenant: Tenant, memory_id: UUID, *, linked: bool = False) -> int:
    """Deletes one memory, and with `linked` also those that it superseded, those that they did, and so on.

    Returns how many were deleted beside it. Raises `NotFound` for one that does not exist any more.
    """
    with tenant_tx(tenant):
        older = superseded_by(memory_id) if linked else []
        return _delete([memory_id], also=older) - 1


def delete_memories(tenant: Tenant, memory_ids: Collection[UUID]) -> None:
    """Deletes these memories in one commit. Raises `NotFound` when one does not exist; then none is deleted."""
    with tenant_tx(tenant):
        _delete(memory_ids)


def _delete(memory_ids: Collection[UUID], *, also: Collection[UUID] = ()) -> int:
    # What says the same under another id would outlive what somebody wants to be gone.
    merged = merged_into({*memory_ids, *also})
    memories = memories_of(memory_ids, also={*also, *merged})
    with unbound():
        forget(memories)
    outcomes.record(Outcome(meter="delete", source=new_id(), quantity=len(memories)))
    return len(memories)


def accept_delete_all(tenant: Tenant, filters: Mapping[str, Any]) -> Accepted:
    """Stores the deletion of all memories that `filters` find now; `filters` is what `fold_deletion` takes."""
    with tenant_tx(tenant):
        return _accept(OF_FILTERS, {"filters": dict(filters)})


def accept_erasure(tenant: Tenant, kind: EntityType, name: str) -> Accepted:
    """Stores the erasure of an entity and stops its adds in flight; an unknown entity is no error."""
    with tenant_tx(tenant):
        begin_erasure(kind, name)
        return _accept(OF_ENTITY, {"entity_type": str(kind), "entity_name": name})


def _accept(event_type: str, payload: dict[str, Any]) -> Accepted:
    event = Event.objects.create(event_type=event_type, payload=payload)
    job = jobs.enqueue(kind=KIND, queue=QUEUE, event_id=event.id, run_here=True)
    return Accepted(event.id, event, job.id)


def perform_deletion(claim: Claim) -> None:
    """Takes one step of a claimed deletion. Raises `jobs.Unfinished` when more is left, and `Fenced`."""
    deadline = time.monotonic() + STEP_S
    while not _delete_batch(claim):
        if time.monotonic() > deadline:
            raise jobs.Unfinished


def _delete_batch(claim: Claim) -> bool:
    """Deletes up to 500 memories, and the sources of as many events, in one commit; returns whether all is done."""
    with tenant_tx(claim.tenant):
        jobs.hold(claim)
        event = Event.objects.get(id=claim.event_id)
        batch = list(_remaining(event).values_list("id", flat=True)[:BATCH])
        # Locked together, in the order of ids: some of what was merged may be of the batch, too.
        forget(memories_of([], also={*batch, *merged_into(batch)}))
        sources = _erase_sources(event)
        deleted = event.payload.get("deleted", 0) + len(batch)
        if BATCH in {len(batch), sources}:
            Event.objects.filter(id=event.id).update(payload={**event.payload, "deleted": deleted})
            return False
        jobs.finish(claim)
        # What was asked may name the erased entity, or quote what was deleted.
        events.mark_succeeded(event.id, payload={"deleted": deleted})
        outcomes.record(Outcome(meter="delete", source=claim.job_id))
        return True


def _remaining(event: Event) -> QuerySet[Memory]:
    """The memories that were there when the deletion was accepted, by the database's own clock."""
    found = Memory.objects.filter(_target(event), recorded_at__lte=event.created_at)
    return found.exclude(state=MemoryState.DELETED).order_by("id")


def _erase_sources(event: Event) -> int:
    if event.event_type != OF_ENTITY:
        return _discard_waiting(event)
    return erase_sources(*_entity(event), until=event.created_at, most=BATCH)


def _discard_waiting(event: Event) -> int:
    """Discards the quarantined facts that the filters find, where these ask only whose and how old something is."""
    node = fold_deletion(event.payload["filters"])
    if not fields_of(node) <= {*ENTITY_FIELDS, "created_at"}:
        return 0
    found = undecided().filter(to_q(node), created_at__lte=event.created_at)
    waiting = list(found.order_by("id").select_for_update(of=["self"])[:BATCH])
    discard(waiting)
    return len(waiting)


def _target(event: Event) -> Q:
    if event.event_type == OF_ENTITY:
        return of_entity(*_entity(event))
    return to_q(fold_deletion(event.payload["filters"]))


def _entity(event: Event) -> tuple[EntityType, str]:
    return EntityType(event.payload["entity_type"]), event.payload["entity_name"]
