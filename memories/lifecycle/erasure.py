"""An entity is erased: its memories, and also what they were made from (design.md §2, Deleting)."""

from uuid import UUID

from django.db.models import Q

from loci.models import IdempotencyKey
from loci.tenancy.context import Tenant, tenant_tx
from loci.tenancy.models import new_id
from memories.models import Entity, Event, EventStatus, Memory, MemoryState, Message
from memories.scope import EntityType
from memories.services.deleting import forget, record_event
from workers import jobs, outcomes
from workers.outcomes import Outcome

REASON = "The entity was erased."


def erase_entity(tenant: Tenant, kind: EntityType, name: str) -> UUID:
    """Erases an entity with its memories, messages, payloads and kept answers; returns the event's id.

    Adds of it that are still in flight fail their fence, so nothing of it comes back. An unknown entity is no error.
    """
    of_entity = Q(**{f"{kind}_id": name})
    with tenant_tx(tenant):
        events = list(Event.objects.filter(of_entity).values_list("id", flat=True))
        jobs.cancel(events, REASON)
        memories = list(
            Memory.objects.filter(of_entity).exclude(state=MemoryState.DELETED).select_for_update(of=["self"])
        )
        forget(memories)
        Message.objects.filter(of_entity).delete()
        _empty_events(events)
        Entity.objects.filter(type=kind, name=name).delete()
        outcomes.record(Outcome(meter="delete", source=new_id()))
        return record_event("DELETE_USER", memories)


def _empty_events(events: list[UUID]) -> None:
    found = Event.objects.filter(id__in=events)
    found.filter(status__in=[EventStatus.PENDING, EventStatus.RUNNING]).update(status=EventStatus.FAILED, error=REASON)
    found.update(payload={}, results=[], verdicts=[])
    IdempotencyKey.objects.filter(event_id__in=events).update(body="")
