"""The lines of a file: one JSON object for each memory, message or entity, told apart by `record`.

A line is what `manage.py import_mem0` reads of a memory, and the others it passes over.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from loci.http.renderer import dump_json, moment
from memories.history import histories_of
from memories.models import Attribute, Entity, Event, Export, Feedback, Memory, MemoryState, Message
from memories.queries import SEARCHED_ONLY
from memories.retrieval.filters import EVERYTHING, fold, named_entities, to_q
from memories.wire import memory_json

Json = dict[str, Any]


@dataclass(frozen=True)
class Section:
    """One kind of lines, in the order of their ids: the rows that an export covers, and what is told of them."""

    rows: Callable[[Export, Event], QuerySet[Any]]
    told: Callable[[Export, Sequence[Any]], list[Json]]


def line(record: Json) -> bytes:
    """Returns the record as one line."""
    return dump_json(record) + b"\n"


def sections_of(export: Export) -> list[str]:
    """Returns the names of the sections that the export has, memories first."""
    return ["memories", *(name for name in ("messages", "entities") if name in export.asked["include"])]


def _memories(export: Export, event: Event) -> QuerySet[Memory]:
    """All that were not deleted, also what is expired or superseded: it is to be whole where it is taken to."""
    memories = Memory.objects.filter(to_q(fold(export.asked)), recorded_at__lte=event.created_at)
    return memories.exclude(state=MemoryState.DELETED).defer(*SEARCHED_ONLY)


def _messages(export: Export, event: Event) -> QuerySet[Message]:
    """The filters ask for nothing but entities (`memories.api.exporting`), which messages have, too."""
    found: QuerySet[Message] = Message.objects.filter(to_q(fold(export.asked)), event__created_at__lte=event.created_at)
    return found


def _entities(export: Export, event: Event) -> QuerySet[Entity]:
    """Those that the filters name, or all where there are none."""
    where = fold(export.asked)
    wanted = Q() if where == EVERYTHING else Q(pk__in=[])
    for entity in named_entities(where):
        kind, _, name = entity.partition(":")
        wanted |= Q(type=kind, name=name)
    entities: QuerySet[Entity] = Entity.objects.filter(wanted, created_at__lte=event.created_at)
    return entities


def _told_memories(export: Export, memories: Sequence[Memory]) -> list[Json]:
    ids, include = [memory.id for memory in memories], export.asked["include"]
    beside = {name: BESIDE[name](ids) for name in include if name in BESIDE}
    return [
        {"record": "memory", **memory_json(memory), **{name: found[memory.id] for name, found in beside.items()}}
        for memory in memories
    ]


def _told_messages(_export: Export, messages: Sequence[Message]) -> list[Json]:
    return [
        {
            "record": "message",
            "id": str(message.id),
            "event_id": str(message.event_id),
            "position": message.position,
            "role": message.role,
            "name": message.name or None,
            "content": message.content,
            "flags": message.flags,
            "said_at": moment(message.said_at),
            "user_id": message.user_id,
            "agent_id": message.agent_id,
            "app_id": message.app_id,
            "run_id": message.run_id,
        }
        for message in messages
    ]


def _told_entities(_export: Export, entities: Sequence[Entity]) -> list[Json]:
    return [
        {
            "record": "entity",
            "id": str(entity.number),
            "type": entity.type,
            "name": entity.name,
            "display_name": entity.display_name or None,
            "metadata": entity.metadata,
            "created_at": moment(entity.created_at),
            "updated_at": moment(entity.updated_at),
        }
        for entity in entities
    ]


SECTIONS: Mapping[str, Section] = {
    "memories": Section(_memories, _told_memories),
    "messages": Section(_messages, _told_messages),
    "entities": Section(_entities, _told_entities),
}


def _attributes_of(memory_ids: Collection[UUID]) -> dict[UUID, list[Json]]:
    """The attributes that each memory supports."""
    found: dict[UUID, list[Json]] = {memory_id: [] for memory_id in memory_ids}
    supported = Attribute.objects.filter(memory_id__in=memory_ids).select_related("entity").order_by("key", "id")
    for attribute in supported:
        told = {"entity": str(attribute.entity), "key": attribute.key, "value": attribute.value or None}
        found[attribute.memory_id].append({**told, "updated_at": moment(attribute.updated_at)})
    return found


def _feedback_of(memory_ids: Collection[UUID]) -> dict[UUID, list[Json]]:
    found: dict[UUID, list[Json]] = {memory_id: [] for memory_id in memory_ids}
    for given in Feedback.objects.filter(memory_id__in=memory_ids).exclude(opinion="").order_by("given_at", "id"):
        told = {"feedback": given.opinion, "feedback_reason": given.reason or None}
        found[given.memory_id].append({**told, "given_at": moment(given.given_at)})
    return found


BESIDE: Mapping[str, Callable[[Collection[UUID]], Mapping[UUID, list[Json]]]] = {
    "history": histories_of,
    "attributes": _attributes_of,
    "feedback": _feedback_of,
}
"""What may stand in a memory's own line, which goes with it."""
INCLUDED = (*BESIDE, "messages", "entities")


def page(export: Export, event: Event, section: str, after: str | None, size: int) -> list[Any]:
    """Returns the rows of a section that follow the id `after`, at most `size`."""
    rows = SECTIONS[section].rows(export, event).order_by("id")
    return list((rows.filter(id__gt=UUID(after)) if after else rows)[:size])


def lines(export: Export, section: str, rows: Sequence[Any]) -> Iterator[tuple[UUID, bytes]]:
    """Yields the id and the line of each row."""
    for row, told in zip(rows, SECTIONS[section].told(export, rows), strict=True):
        yield row.id, line(told)
