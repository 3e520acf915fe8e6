"""Facts against what is known: each fact gets a verdict, and the rows that it changes (design.md §2, §3).

Everything here runs inside the one transaction that also ends the job. Message time decides, never processing time: a
fact that was said before what is already believed does not replace it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone

from memories.extraction.base import Fact, Relation
from memories.models import Attribute, Cause, Entity, Event, Memory, MemoryState
from memories.resolution import timeline
from memories.resolution.timeline import Statement
from memories.resolution.verdicts import Closed, Verdict, VerdictKind
from memories.scope import Scope
from memories.text import searchable, text_hash


class CandidateChanged(Exception):
    """A memory that the extractor was shown has changed since: its answer may be wrong by now."""


@dataclass(frozen=True)
class Known:
    """A memory as the extractor was shown it."""

    memory_id: UUID
    version: int


@dataclass(frozen=True)
class NewMemory:
    """What the request says about every memory that it makes."""

    metadata: dict[str, Any] | None = None
    immutable: bool = False
    expires_on: date | None = None


@dataclass(frozen=True)
class Resolver:
    """Resolves the facts of one event in one scope, in order: a fact sees what the ones before it changed."""

    scope: Scope
    event: Event
    extractor: str
    new: NewMemory
    candidates: Mapping[int, Known]

    def resolve(self, fact: Fact, vector: Any) -> Verdict:
        """Applies one fact, whose text has the embedding `vector`, and returns its verdict.

        Raises `CandidateChanged` when the candidate that the fact names is no longer what the extractor saw.
        """
        if not fact.text.strip():
            return Verdict(VerdictKind.REJECTED, fact.text, reason="The fact has no text.")
        said = self._statement(fact)
        attribute = self._attribute(fact)
        if attribute is not None and (verdict := self._by_attribute(attribute, fact, said, vector)):
            return verdict
        if (target := self._candidate(fact)) and (verdict := self._by_relation(target, fact, said, vector)):
            return verdict
        if (same := self._same_text(fact.text)) is not None:
            return Verdict(VerdictKind.DUPLICATE, same.text, same.id)
        memory = self._store(fact, said, vector)
        return Verdict(VerdictKind.STORED, memory.text, memory.id)

    def _by_attribute(self, attribute: Attribute, fact: Fact, said: Statement, vector: Any) -> Verdict | None:
        """One value per key: the same again is a duplicate, another one an update, an older one history."""
        memory = _locked(attribute.memory_id)
        if memory is None or memory.immutable:
            return None
        before = timeline.preceding(memory, said)
        if before is not None and before.attribute_value == said.value:
            timeline.insert(memory, said, Cause.REPEAT)
            return Verdict(VerdictKind.DUPLICATE, memory.text, memory.id)
        if self._is_older(memory, said):
            return self._note_earlier(memory, said)
        if Scope(memory.user_id, memory.agent_id, memory.app_id, memory.run_id) != self.scope:
            return self._supersede(memory, fact, said, vector)
        return self._merge(memory, fact, said, vector)

    def _by_relation(self, target: Memory, fact: Fact, said: Statement, vector: Any) -> Verdict | None:
        """What the extractor says of a candidate counts only for memories that may be changed."""
        if fact.relation == Relation.DUPLICATE:
            return Verdict(VerdictKind.DUPLICATE, target.text, target.id)
        if target.immutable:
            return None
        if self._is_older(target, said):
            return self._note_earlier(target, said)
        if fact.relation == Relation.REFINES:
            return self._merge(target, fact, said, vector)
        return self._supersede(target, fact, said, vector)

    def _candidate(self, fact: Fact) -> Memory | None:
        known = self.candidates.get(fact.candidate) if fact.relation and fact.candidate is not None else None
        if known is None:
            return None
        memory = _locked(known.memory_id)
        if memory is None or memory.version != known.version:
            raise CandidateChanged
        return memory

    def _same_text(self, text: str) -> Memory | None:
        return Memory.objects.filter(
            **self.scope.exactly(), hash=text_hash(text), text=text, state=MemoryState.ACTIVE
        ).first()

    def _attribute(self, fact: Fact) -> Attribute | None:
        if not fact.attribute:
            return None
        owner = self._owner()
        return Attribute.objects.select_for_update().filter(entity_id=owner, key=fact.attribute).first()

    def _owner(self) -> UUID:
        """An attribute belongs to the entity of the lane, so one job at a time changes it."""
        kind, name = next(self.scope.entities())
        owner: UUID = Entity.objects.values_list("id", flat=True).get(type=kind, name=name)
        return owner

    def _is_older(self, memory: Memory, said: Statement) -> bool:
        newest = timeline.believed(memory)[-1]
        return timeline.order(newest) > timeline.order(said)

    def _note_earlier(self, memory: Memory, said: Statement) -> Verdict:
        timeline.insert(memory, said, Cause.UPDATE)
        Memory.objects.filter(id=memory.id, created_at__gt=said.said_at).update(created_at=said.said_at)
        return Verdict(VerdictKind.EARLIER, memory.text, memory.id, reason="It was said before what is already known.")

    def _merge(self, memory: Memory, fact: Fact, said: Statement, vector: Any) -> Verdict:
        previous = memory.text
        timeline.insert(memory, said, Cause.UPDATE)
        changes = {**searchable(fact.text, vector), "version": memory.version + 1, "updated_at": said.said_at}
        if fact.categories:
            changes["categories"] = list(fact.categories)
        Memory.objects.filter(id=memory.id).update(**changes)
        self._set_attribute(fact, said, memory)
        return Verdict(VerdictKind.MERGED, fact.text, memory.id, previous=previous)

    def _supersede(self, old: Memory, fact: Fact, said: Statement, vector: Any) -> Verdict:
        memory = self._store(fact, said, vector)
        supersede(old, by=memory)
        return Verdict(VerdictKind.SUPERSEDED, memory.text, memory.id, closed=(Closed(old.id, old.text),))

    def _store(self, fact: Fact, said: Statement, vector: Any) -> Memory:
        memory: Memory = Memory.objects.create(
            **self.scope.columns(),
            **searchable(fact.text, vector),
            metadata=self.new.metadata,
            categories=list(fact.categories) or None,
            immutable=self.new.immutable,
            expires_on=self.new.expires_on,
            created_at=said.said_at,
            updated_at=said.said_at,
        )
        timeline.begin(memory, said)
        self._set_attribute(fact, said, memory)
        return memory

    def _set_attribute(self, fact: Fact, said: Statement, memory: Memory) -> None:
        if fact.attribute:
            current = {"value": said.value, "memory": memory, "updated_at": timezone.now()}
            Attribute.objects.update_or_create(entity_id=self._owner(), key=fact.attribute, defaults=current)

    def _statement(self, fact: Fact) -> Statement:
        return Statement(
            text=fact.text,
            said_at=self.event.said_at,
            event_id=self.event.id,
            value=(fact.value or "") if fact.attribute else "",
            sources=fact.sources,
            speaker=fact.speaker,
            extractor=self.extractor,
        )


def supersede(old: Memory, *, by: Memory) -> None:
    """Closes what `old` says from the time at which `by` was said; it stays readable, and names its successor."""
    newest = timeline.believed(old)[-1]
    timeline.close(newest, at=by.created_at, cause=Cause.DELETE)
    Memory.objects.filter(id=old.id).update(
        state=MemoryState.SUPERSEDED, replaced_by=by, version=old.version + 1, updated_at=timezone.now()
    )


def _locked(memory_id: UUID) -> Memory | None:
    return Memory.objects.select_for_update(of=["self"]).filter(id=memory_id, state=MemoryState.ACTIVE).first()
