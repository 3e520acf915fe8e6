"""Statements are taken back: memories say again what they would say had these never been made (reliability.md H3).

A memory of which no statement remains is forgotten, and what it had made untrue is true again, or untrue by what made
itself untrue in turn. One of which some remain says what they say, with everything that was judged of it, and its
attributes have their values of then.

What is not undone: changes of metadata or of expiration alone, which are no statements; deletions, also at a speaker's
request; and what a model decided later because it had been shown what is now taken back.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from memories.lifecycle.derived import drop_derived
from memories.lifecycle.forgetting import forget
from memories.lifecycle.remaining import COMPARED, judged_by, lead_of, without
from memories.models import Attribute, Cause, Entity, Event, Memory, MemoryState, Revision
from memories.notices import Change, Happened, tell
from memories.resolution import timeline
from memories.resolution.resolver import NewMemory
from memories.scope import Scope
from memories.text import searchable

Vectors = Mapping[str, Any]
Key = tuple[Scope, str]


@dataclass(frozen=True)
class Part:
    """A memory of which some statements are taken back; `rest` are those that remain, none where it is forgotten."""

    memory: Memory
    believed: Sequence[Revision]
    taken: Collection[UUID]
    rest: Sequence[Revision]

    @property
    def new_text(self) -> str | None:
        """Returns what it is to say instead of what it says; None where that stays, or where it is forgotten."""
        text = self.rest[-1].text if self.rest else None
        return None if text == self.memory.text else text

    @property
    def keys(self) -> set[Key]:
        """Returns the attributes that the taken statements gave a value, with whose they are."""
        memory = self.memory
        scope = Scope(memory.user_id, memory.agent_id, memory.app_id, memory.run_id)
        said = [row for row in self.believed if row.id in self.taken]
        return {(scope, row.attribute_key) for row in said if row.attribute_key}


@dataclass
class TakenBack:
    """How many memories were forgotten, say something else or other words of it, or became true again."""

    forgotten: int = 0
    restored: int = 0
    reactivated: int = 0

    def as_json(self) -> dict[str, int]:
        """Returns the numbers, for the payload of an event."""
        return dict(vars(self))


@dataclass(frozen=True)
class Parts:
    """The memories of one step, as they are now."""

    parts: Sequence[Part] = field(default_factory=list)

    @property
    def new_texts(self) -> list[str]:
        """Returns the texts that need a vector."""
        return sorted({part.new_text for part in self.parts if part.new_text is not None})


def read(memory_ids: Collection[UUID], statements: QuerySet[Revision]) -> Parts:
    """Returns what `statements` take from these memories, locked in the order of their ids with what they made untrue.

    Runs inside the caller's `tenant_tx`.
    """
    wanted = Q(id__in=memory_ids) | Q(replaced_by__in=memory_ids)
    locked = Memory.objects.filter(wanted).exclude(state=MemoryState.DELETED).order_by("id")
    memories = {memory.id: memory for memory in locked.select_for_update(of=["self"]).defer("embedding", "terms")}
    taken = set(statements.filter(memory_id__in=memory_ids).values_list("id", flat=True))
    believed: dict[UUID, list[Revision]] = {memory_id: [] for memory_id in memory_ids if memory_id in memories}
    for row in Revision.objects.filter(memory_id__in=list(believed), recorded_to__isnull=True).order_by("id"):
        believed[row.memory_id].append(row)
    rows = {memory_id: sorted(found, key=timeline.order) for memory_id, found in believed.items()}
    return Parts(
        [
            Part(memories[memory_id], found, taken & {row.id for row in found}, without(found, taken))
            for memory_id, found in rows.items()
            if taken & {row.id for row in found}
        ]
    )


def take_back(parts: Parts, vectors: Vectors) -> TakenBack:
    """Takes the statements back, inside the transaction in which the parts were read.

    `vectors` are the embeddings of their new texts; a memory whose text is not among them is left as it is.
    """
    ready = [part for part in parts.parts if part.new_text is None or part.new_text in vectors]
    gone, changed = [part for part in ready if not part.rest], [part for part in ready if part.rest]
    creators = _creators(ready)
    keys = {key for part in ready for key in part.keys} | _keys_of(part.memory for part in ready)
    told: list[Change] = []
    for part in changed:
        is_categorized = _restore(part, vectors, creators.get(part.memory.id))
        told.append(Change(part.memory.id, Happened.UPDATE, is_categorized))
    drop_derived([part.memory for part in changed])
    counts = TakenBack(forgotten=len(gone), restored=len(changed))
    if gone:
        forget([part.memory for part in gone])
    for part in ready:
        if part.memory.id in creators:
            reactivated = _release(part)
            counts.reactivated += len(reactivated)
            told += [Change(memory_id, Happened.ADD) for memory_id in reactivated]
    for scope, key in sorted(keys, key=repr):
        _point_to_newest(scope, key)
    tell(told)
    return counts


def _creators(parts: Iterable[Part]) -> dict[UUID, Revision]:
    """By memory, the statement that made it, where that is taken back."""
    taken = {part.memory.id: [row for row in part.believed if row.id in part.taken] for part in parts}
    made = Revision.objects.filter(memory_id__in=list(taken), cause=Cause.ADD).order_by("recorded_from", "id")
    first = {row.memory_id: row for row in reversed(made)}
    return {
        memory_id: first[memory_id]
        for memory_id, rows in taken.items()
        if memory_id in first and any(_is_same(row, first[memory_id]) for row in rows)
    }


def _is_same(row: Revision, made: Revision) -> bool:
    """A statement may have been recorded again, with another interval."""
    return (row.event_id, row.valid_from, row.text) == (made.event_id, made.valid_from, made.text)


def _restore(part: Part, vectors: Vectors, creator: Revision | None) -> bool:
    """Makes the memory say what remains; returns whether its categories are others now."""
    memory, rest = part.memory, part.rest
    changes: dict[str, Any] = {"version": F("version") + 1}
    if part.new_text is not None:
        timeline.keep_findable([memory])
        changes |= searchable(part.new_text, vectors[part.new_text])
    if lead_of(rest).id != lead_of(part.believed).id:
        changes |= {**judged_by(rest), "speaker_name": lead_of(rest).speaker_name}
    if part.believed[-1].id in part.taken:
        changes["updated_at"] = rest[-1].valid_from
    if part.believed[0].id in part.taken and memory.created_at == part.believed[0].valid_from:
        changes["created_at"] = rest[0].valid_from
    if creator is not None:
        changes |= _given_by_another(memory, creator.event_id, rest[0].event_id)
    Memory.objects.filter(id=memory.id).update(**changes)
    _believe(part)
    return (changes.get("categories", memory.categories) or []) != (memory.categories or [])


def _given_by_another(memory: Memory, creator: UUID | None, heir: UUID | None) -> dict[str, Any]:
    """What the request that made the memory said of it, as the request of the first that remains says it."""
    events = Event.objects.in_bulk([event_id for event_id in (creator, heir) if event_id])
    before, after = (vars(NewMemory.of(events[each].payload if each in events else {})) for each in (creator, heir))
    return {name: after[name] for name, value in before.items() if getattr(memory, name) == value}


def _believe(part: Part) -> None:
    """Ends the belief in what is taken back, and records anew what holds longer or in other words because of that."""
    now, stored = timezone.now(), {row.id: row for row in part.believed}
    changed = [row for row in part.rest if _differs(row, stored[row.id])]
    ended = {*part.taken, *(row.id for row in changed)}
    Revision.objects.filter(id__in=ended).update(recorded_to=now)
    last = part.rest[-1].id
    shown = {last} if part.new_text is not None else set()
    causes = [Cause.UPDATE if row.id in shown else Cause.SPLIT for row in changed]
    Revision.objects.bulk_create(
        timeline.recorded_again(row, cause=cause, now=now) for row, cause in zip(changed, causes, strict=True)
    )


def _differs(row: Revision, stored: Revision) -> bool:
    return any(getattr(row, name) != getattr(stored, name) for name in COMPARED)


def _release(part: Part) -> list[UUID]:
    """What the memory had made untrue when it was made; returns those of it that are true again."""
    memory = part.memory
    heir = memory if part.rest else memory.replaced_by
    until = part.rest[0].valid_from if part.rest else heir.created_at if heir else None
    superseded = Memory.objects.filter(replaced_by=memory).exclude(state=MemoryState.DELETED)
    released = list(superseded.defer("embedding", "terms"))
    for old in released:
        newest = timeline.believed(old)[-1]
        if newest.valid_to is not None and newest.valid_to != until:
            timeline.hold_until(newest, until)
        changes: dict[str, Any] = {"replaced_by": heir, "version": F("version") + 1}
        if heir is None:
            changes |= {"state": MemoryState.ACTIVE, "updated_at": newest.valid_from}
        Memory.objects.filter(id=old.id).update(**changes)
    return [old.id for old in released] if heir is None else []


def _keys_of(memories: Iterable[Memory]) -> set[Key]:
    by_id = {memory.id: memory for memory in memories}
    found = Attribute.objects.filter(memory_id__in=list(by_id)).values_list("memory_id", "key")
    scopes = {each.id: Scope(each.user_id, each.agent_id, each.app_id, each.run_id) for each in by_id.values()}
    return {(scopes[memory_id], key) for memory_id, key in found}


def _point_to_newest(scope: Scope, key: str) -> None:
    """The attribute has the value of the newest statement that gives it one, and is gone where none does."""
    kind, name = next(scope.entities())
    entity = Entity.objects.filter(type=kind, name=name).first()
    if entity is None:
        return
    believed = Revision.objects.filter(recorded_to__isnull=True, memory__state=MemoryState.ACTIVE, **scope.in_lane())
    given = max(believed.filter(attribute_key=key).order_by("id"), key=timeline.order, default=None)
    if given is None:
        Attribute.objects.filter(entity=entity, key=key).delete()
        return
    since = believed.filter(memory_id=given.memory_id, event__isnull=True, valid_from__gte=given.valid_from)
    # What was said through the API since has no value that anybody knows.
    value = "" if since.exclude(id=given.id).exists() else given.attribute_value
    now = {"value": value, "memory_id": given.memory_id, "updated_at": timezone.now()}
    Attribute.objects.update_or_create(entity=entity, key=key, defaults=now)
