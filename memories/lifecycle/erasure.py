"""An entity is erased: also what its memories were made from (design.md §2, Deleting)."""

from uuid import UUID

from django.db.models import Q

from loci.models import IdempotencyKey
from memories.models import Attribute, Entity, Event, EventStatus, Message
from memories.scope import EntityType
from workers import jobs

REASON = "The entity was erased."


def erase_sources(kind: EntityType, name: str) -> None:
    """Removes an entity with its messages, payloads and kept answers, inside the caller's `tenant_tx`.

    Adds of it that are still in flight fail their fence, so nothing of it comes back.
    """
    of_entity = Q(**{f"{kind}_id": name})
    events = list(Event.objects.filter(of_entity).values_list("id", flat=True))
    jobs.cancel(events, REASON)
    Message.objects.filter(event_id__in=events).delete()
    _empty_events(events)
    Attribute.objects.filter(entity__type=kind, entity__name=name).delete()
    Entity.objects.filter(type=kind, name=name).delete()


def _empty_events(events: list[UUID]) -> None:
    found = Event.objects.filter(id__in=events)
    found.filter(status__in=[EventStatus.PENDING, EventStatus.RUNNING]).update(status=EventStatus.FAILED, error=REASON)
    found.update(payload={}, results=[], verdicts=[])
    IdempotencyKey.objects.filter(event_id__in=events).update(body="")
