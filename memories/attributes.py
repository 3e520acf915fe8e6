"""What is known of an entity by key, and how it came to be so (design.md §1, attribute); inside a `tenant_tx`.

An attribute is shown while the memory that supports it is: who asks after a superseded or expired one learns that
nothing is known now. Its history holds every value that was said of the key, also by memories that another replaced;
of a deleted memory nothing is left. What the API wrote into a memory gives its attribute no value: the next statement
does.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from loci.errors import NotFound
from loci.tenancy.context import current_tenant
from memories.models import Attribute, Entity, Memory, Revision
from memories.queries import visible
from memories.resolution.timeline import order
from memories.scope import EntityType, Scope

NO_SUCH_ENTITY = "Entity not found"
NO_SUCH_ATTRIBUTE = "Attribute not found"


@dataclass(frozen=True)
class Told:
    """A value that an attribute had during [`valid_from`, `valid_to`), and the memory that said so, as it said it.

    `value` is None where it is not known. `said_at` is when it was last said.
    """

    value: str | None
    memory_id: UUID
    text: str
    valid_from: datetime
    valid_to: datetime | None
    recorded_from: datetime
    event_id: UUID | None
    said_at: datetime


def entity_of(kind: EntityType, name: str) -> Entity:
    """Returns the entity; raises `NotFound`, also for a key that is bound to another one."""
    entity: Entity | None = Entity.objects.filter(type=kind, name=name).first()
    if entity is None or current_tenant().entity not in {"", str(entity)}:
        raise NotFound(NO_SUCH_ENTITY, body={"message": NO_SUCH_ENTITY})
    return entity


def current_attributes(entity: Entity, *, keys: Collection[str] = (), prefix: str = "") -> list[tuple[Attribute, Told]]:
    """Returns the current attributes of the entity by key, each with the value that it has and since when.

    Only those of `keys` where there are any, and only those that begin with `prefix`. A value is "" where it is not
    known.
    """
    wanted = Q(key__startswith=prefix) & (Q(key__in=keys) if keys else Q())
    shown = Attribute.objects.filter(wanted, entity=entity, memory__in=visible(Q()))
    found = list(shown.select_related("memory").order_by("key"))
    said = Revision.objects.filter(memory_id__in={attribute.memory_id for attribute in found})
    told = _told(_believed(said))
    return [
        (attribute, told[attribute.key, attribute.memory_id][-1])
        for attribute in found
        if (attribute.key, attribute.memory_id) in told
    ]


def history_of_attribute(entity: Entity, key: str) -> list[Told]:
    """Returns the values that were said of the key, oldest first; raises `NotFound` where there are none.

    Only one holds at a time: a value ends where the next one begins.
    """
    lane = Scope(**{f"{entity.type}_id": entity.name}).in_lane()
    # By way of the entity's memories, which an index finds.
    said = Revision.objects.filter(memory_id__in=Memory.objects.filter(**lane).values("id"), attribute_key=key)
    told = sorted(
        (each for of_memory in _told(_believed(said)).values() for each in of_memory),
        key=lambda each: (each.valid_from, each.recorded_from),
    )
    if not told:
        raise NotFound(NO_SUCH_ATTRIBUTE, body={"message": NO_SUCH_ATTRIBUTE})
    return [*map(_until, told, told[1:]), told[-1]]


def _believed(said: QuerySet[Revision]) -> list[Revision]:
    about = said.filter(recorded_to__isnull=True).exclude(attribute_key="").order_by("id")
    return sorted(about, key=order)


def _told(said: Iterable[Revision]) -> dict[tuple[str, UUID], list[Told]]:
    """By key and memory, what was said in order of time; what repeats the one before is no other value."""
    told: defaultdict[tuple[str, UUID], list[Told]] = defaultdict(list)
    for revision in said:
        held = told[revision.attribute_key, revision.memory_id]
        if held and (held[-1].value or "", held[-1].text) == (revision.attribute_value, revision.text):
            held[-1] = replace(held[-1], valid_to=revision.valid_to, said_at=revision.valid_from)
        else:
            held.append(_as_told(revision))
    return told


def _as_told(revision: Revision) -> Told:
    return Told(
        value=revision.attribute_value or None,
        memory_id=revision.memory_id,
        text=revision.text,
        valid_from=revision.valid_from,
        valid_to=revision.valid_to,
        recorded_from=revision.recorded_from,
        event_id=revision.event_id,
        said_at=revision.valid_from,
    )


def _until(told: Told, following: Told) -> Told:
    ends = [end for end in (told.valid_to, following.valid_from) if end is not None]
    return replace(told, valid_to=min(ends))
