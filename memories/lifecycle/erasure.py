"""An entity is erased: also what its memories were made from (design.md §2, Deleting)."""

from datetime import datetime

from django.db.models import Q

from loci.http.idempotency import erase_answers
from memories.exports import copies
from memories.lifecycle.derived import drop_derived_of
from memories.models import OPEN_STATUSES, Attribute, Blob, Entity, Event, EventStatus, Message, Quarantined, Review
from memories.scope import EntityType
from workers import jobs

REASON = "The entity was erased."


def of_entity(kind: EntityType, name: str) -> Q:
    """Returns the filter of rows that belong to the entity."""
    return Q(**{f"{kind}_id": name})


def begin_erasure(kind: EntityType, name: str) -> None:
    """Removes the entity itself, inside the caller's `tenant_tx`.

    Adds of it that are still in flight fail their fence, so nothing of it comes back.
    """
    open_events = Event.objects.filter(of_entity(kind, name), status__in=OPEN_STATUSES)
    jobs.cancel(open_events.values("id"), REASON)
    open_events.update(status=EventStatus.FAILED, error=REASON)
    Quarantined.objects.filter(of_entity(kind, name)).delete()
    Review.objects.filter(of_entity(kind, name)).delete()
    Attribute.objects.filter(entity__type=kind, entity__name=name).delete()
    drop_derived_of(kind, name)
    entities = Entity.objects.filter(type=kind, name=name)
    erase_answers(entities.values_list("id", flat=True))
    entities.delete()
    copies.take_out_entity(kind, name)


def erase_sources(kind: EntityType, name: str, *, until: datetime, most: int) -> int:
    """Erases messages, files, quarantined facts, payloads, results and answers of the entity's events up to `until`.

    Returns of how many, at most `most`; fewer than `most` were the last. Runs inside the caller's `tenant_tx`.
    """
    events = Event.objects.filter(of_entity(kind, name), created_at__lte=until).exclude(payload={})
    ids = list(events.values_list("id", flat=True)[:most])
    Message.objects.filter(event_id__in=ids).delete()
    Blob.objects.filter(event_id__in=ids).delete()
    Quarantined.objects.filter(event_id__in=ids).delete()
    Event.objects.filter(id__in=ids).update(payload={}, results=[], verdicts=[])
    erase_answers(ids)
    copies.take_out_entity(kind, name)
    return len(ids)
