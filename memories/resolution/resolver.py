"""Facts against what is known: each fact gets a verdict, and the rows that it changes (design.md §2, §3).

Everything here runs inside the one transaction that also ends the job. Message time decides, never processing time: a
fact that was said before what is already believed does not replace it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any, Self
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Greatest, Least
from django.utils import timezone

from loci.tenancy.context import unbound
from memories.embedding.base import Vectors
from memories.extraction.base import Fact, Relation
from memories.lifecycle.forgetting import forget
from memories.lifecycle.reviews import merged_into
from memories.models import Attribute, Cause, Entity, Event, Lifetime, Memory, MemoryState, Quarantined, Revision, Trust
from memories.queries import visible
from memories.resolution import timeline
from memories.resolution.attribute_keys import canonical_key
from memories.resolution.conversation import Conversation
from memories.resolution.judgement import columns_of, kept_of
from memories.resolution.quarantine import Known, kept_in_quarantine
from memories.resolution.timeline import Statement
from memories.resolution.verdicts import Closed, Verdict, VerdictKind
from memories.scope import EntityType, Scope
from memories.screening import Flag
from memories.text import found_by, searchable, text_hash
from orgs.project_settings import Suspicious

MAX_CHANGES = 10
"""Candidates that one event may change by what an extractor says of them (reliability.md §2.11)."""
INSTRUCTS = "It reads like an instruction to an assistant."
MOMENTARY = "It matters at this moment only."


class CandidateChanged(Exception):
    """A memory that the extractor was shown has changed since: its answer may be wrong by now."""


@dataclass(frozen=True)
class NewMemory:
    """What the request says about every memory that it makes."""

    metadata: dict[str, Any] | None = None
    immutable: bool = False
    expires_on: date | None = None

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Self:
        """Returns what an event's payload says."""
        expires = payload.get("expiration_date")
        return cls(
            metadata=payload.get("metadata"),
            immutable=bool(payload.get("immutable")),
            expires_on=date.fromisoformat(expires) if expires else None,
        )


@dataclass(frozen=True)
class Resolver:
    """Resolves the facts of one event in one scope. Memories that expired are as good as gone."""

    scope: Scope
    event: Event
    extractor: str
    new: NewMemory
    candidates: Mapping[int, Known]
    speaker_names: Mapping[int, str] = field(default_factory=dict)
    """The names of those who said the messages, by position, where they have one."""
    recorded_at: datetime = field(default_factory=timezone.now)
    """Since when all is believed that this records."""
    suspicious: Suspicious = Suspicious.FLAG
    """What becomes of a fact that reads like an instruction."""
    conversation: Conversation | None = None
    """What the facts are messages of, where they are kept as they were said."""

    def resolve(self, facts: Sequence[Fact], vectors: Vectors) -> list[Verdict]:
        """Applies the facts in order, each seeing what the ones before it changed, and returns their verdicts.

        `vectors` holds the facts' embeddings, shape (len(facts), dimensions). Raises `CandidateChanged` when a
        candidate that a fact names is no longer what the extractor saw.
        """
        spelt = [self._spelt(fact) for fact in facts]
        self._lock(spelt)
        bounded = _bounded(spelt)
        verdicts = [self._resolved(fact, vector) for fact, vector in zip(bounded, vectors, strict=True)]
        return [replace(verdict, user_id=self.scope.user_id) for verdict in verdicts]

    def forget(self, numbers: Iterable[int]) -> list[Verdict]:
        """Forgets the candidates of this scope with these numbers that may be changed, and returns their verdicts."""
        known = (self.candidates[number] for number in numbers if number in self.candidates)
        found = (_locked(id=each.memory_id, **self.scope.in_lane()) for each in known)
        memories = [memory for memory in found if memory is not None and not memory.immutable]
        merged = Memory.objects.filter(id__in=merged_into([memory.id for memory in memories]))
        with unbound():
            forget([*memories, *merged])
        return [Verdict(VerdictKind.FORGOTTEN, "", memory.id, user_id=memory.user_id) for memory in memories]

    def _lock(self, facts: Sequence[Fact]) -> None:
        """Locks what the facts may change, in the order of ids as all who change memories do, and checks candidates.

        Before any fact is applied: what an earlier fact of the same event changes is no surprise to a later one.
        """
        expected = {known.memory_id: known.version for known in map(self._known, facts) if known}
        wanted = Q(id__in=expected)
        if keys := {fact.attribute for fact in facts if fact.attribute}:
            current = Attribute.objects.filter(entity_id=self._owner, key__in=keys)
            wanted |= Q(id__in=list(current.values_list("memory_id", flat=True)))
        locked = visible(wanted).select_for_update(of=["self"]).order_by("id")
        versions = dict(locked.values_list("id", "version"))
        if any(versions.get(memory_id) != version for memory_id, version in expected.items()):
            raise CandidateChanged

    def _resolved(self, fact: Fact, vector: Any) -> Verdict:
        verdict = self._resolve(fact, vector)
        if self.conversation is not None and verdict.memory_id is not None:
            self.conversation.last = verdict.memory_id
        return verdict

    def _resolve(self, fact: Fact, vector: Any) -> Verdict:
        if (refused := self._refused(fact)) is not None:
            return refused
        attribute = self._attribute(fact)
        if attribute is not None and not _is_trusted_with(fact, attribute.memory):
            fact, attribute = replace(fact, attribute=None, value=None), None
        said = self._statement(fact)
        if attribute is not None:
            if verdict := self._by_attribute(attribute, fact, said, vector):
                return verdict
            if self._is_older(attribute.memory, said):
                # The revision names the attribute, whose current value stays what was said later.
                fact = replace(fact, attribute=None, value=None)
        if (target := self._candidate(fact)) and (verdict := self._by_relation(target, fact, said, vector)):
            return verdict
        if (same := self._same_text(fact.text)) is not None:
            return self._repeat(same, fact, said)
        memory = self._store(fact, said, vector)
        return Verdict(VerdictKind.STORED, memory.text, memory.id, is_categorized=bool(fact.categories))

    def _refused(self, fact: Fact) -> Verdict | None:
        if not fact.text.strip():
            return Verdict(VerdictKind.REJECTED, fact.text, reason="The fact has no text.")
        if fact.lifetime == Lifetime.MOMENTARY:
            return Verdict(VerdictKind.REJECTED, fact.text, reason=MOMENTARY)
        if self.suspicious != Suspicious.FLAG and Flag.INSTRUCTION in fact.flags:
            return self._hold_back(fact)
        return None

    def _hold_back(self, fact: Fact) -> Verdict:
        if self.suspicious == Suspicious.REJECT:
            return Verdict(VerdictKind.REJECTED, fact.text, reason=INSTRUCTS)
        kept = kept_in_quarantine(
            fact, extractor=self.extractor, speaker_name=self._speaker_name(fact), known=self._known(fact)
        )
        row = Quarantined.objects.create(
            **self.scope.columns(), event=self.event, fact=kept, flags=list(fact.flags), reason=INSTRUCTS
        )
        return Verdict(VerdictKind.QUARANTINED, fact.text, reason=INSTRUCTS, quarantine_id=row.id)

    def _speaker_name(self, fact: Fact) -> str:
        return self.speaker_names.get(fact.sources[-1] if fact.sources else -1, "")

    def _by_attribute(self, attribute: Attribute, fact: Fact, said: Statement, vector: Any) -> Verdict | None:
        """One value per key: the same again is a duplicate, another one an update, an older one history."""
        memory = _locked(id=attribute.memory_id)
        if memory is None or memory.immutable:
            return None
        before = timeline.preceding(memory, said)
        if before is not None and before.attribute_value == said.value and self._says_the_same(fact, before):
            same = replace(said, text=before.text, own_words=said.text, found_by=timeline.found_by(before))
            return self._note(memory, same, Cause.REPEAT, VerdictKind.DUPLICATE)
        if self._is_older(memory, said):
            return self._note_earlier(memory, said, vector)
        if Scope(memory.user_id, memory.agent_id, memory.app_id, memory.run_id) != self.scope:
            return self._supersede(memory, fact, said, vector)
        return self._merge(memory, fact, said, vector)

    def _says_the_same(self, fact: Fact, before: Revision) -> bool:
        """The same value in better words is an update, unless the extractor knows that it is not better."""
        return before.text == fact.text or fact.relation == Relation.DUPLICATE

    def _by_relation(self, target: Memory, fact: Fact, said: Statement, vector: Any) -> Verdict | None:
        """What the extractor says of a candidate counts only for memories that may be changed."""
        if fact.relation == Relation.DUPLICATE:
            return self._repeat(target, fact, said)
        if target.immutable or not _is_trusted_with(fact, target):
            return None
        if self._is_older(target, said):
            return self._note_earlier(target, said, vector)
        if fact.relation == Relation.REFINES:
            return self._merge(target, fact, said, vector)
        return self._supersede(target, fact, said, vector)

    def _candidate(self, fact: Fact) -> Memory | None:
        known = self._known(fact)
        # Whatever a model answers, a fact changes memories of its own scope only.
        return _locked(id=known.memory_id, **self.scope.in_lane()) if known else None

    def _known(self, fact: Fact) -> Known | None:
        return self.candidates.get(fact.candidate) if fact.relation and fact.candidate is not None else None

    def _same_text(self, text: str) -> Memory | None:
        return _locked(**self.scope.exactly(), hash=text_hash(text), text=text)

    def _spelt(self, fact: Fact) -> Fact:
        """The fact with its attribute's key in the one spelling, unless that is one of the call's or the entity's own.

        A model that is shown a key keeps to it, and so must what becomes of its answer.
        """
        own = self.event.payload.get("structured_data_schema") or {}
        key = canonical_key(fact.attribute or "", kept=own)
        if key == (fact.attribute or "") or self._attribute(fact) is not None:
            return fact
        return replace(fact, attribute=key)

    def _attribute(self, fact: Fact) -> Attribute | None:
        if not fact.attribute:
            return None
        return Attribute.objects.filter(entity_id=self._owner, key=fact.attribute).select_related("memory").first()

    @cached_property
    def _owner(self) -> UUID:
        """An attribute belongs to the entity of the lane, so one job at a time changes it."""
        kind, name = next(self.scope.entities())
        owner: UUID = Entity.objects.values_list("id", flat=True).get(type=kind, name=name)
        return owner

    def _is_older(self, memory: Memory, said: Statement) -> bool:
        newest = timeline.believed(memory)[-1]
        return timeline.order(newest) > timeline.order(said)

    def _note_earlier(self, memory: Memory, said: Statement, vector: Any) -> Verdict:
        earlier = replace(said, found_by=found_by(said.text, vector))
        reason = "It was said before what is already known."
        return self._note(memory, earlier, Cause.UPDATE, VerdictKind.EARLIER, reason)

    def _repeat(self, memory: Memory, fact: Fact, said: Statement) -> Verdict:
        """In other words or not, what was said is what the memory says; an attribute may be new to it."""
        if not _is_trusted_with(fact, memory):
            return Verdict(VerdictKind.DUPLICATE, memory.text, memory.id)
        newest = timeline.believed(memory)[-1]
        same = replace(said, text=newest.text, own_words=said.text)
        if not said.key:
            same = replace(same, key=newest.attribute_key, value=newest.attribute_value)
        self._set_attribute(fact, same, memory)
        return self._note(memory, same, Cause.REPEAT, VerdictKind.DUPLICATE)

    def _note(self, memory: Memory, said: Statement, cause: Cause, kind: VerdictKind, reason: str = "") -> Verdict:
        """Records a statement that leaves the memory's text as it is."""
        timeline.insert(memory, said, cause)
        times = {"created_at": Least("created_at", said.said_at), "updated_at": Greatest("updated_at", said.said_at)}
        Memory.objects.filter(id=memory.id).update(**times)
        return Verdict(kind, memory.text, memory.id, reason=reason)

    def _merge(self, memory: Memory, fact: Fact, said: Statement, vector: Any) -> Verdict:
        previous = memory.text
        timeline.keep_findable([memory])
        timeline.insert(memory, said, Cause.UPDATE)
        changes = {**searchable(fact.text, vector), **columns_of(fact), "speaker_name": self._speaker_name(fact)}
        changes |= {"version": memory.version + 1, "updated_at": said.said_at}
        is_categorized = bool(fact.categories) and list(fact.categories) != memory.categories
        if is_categorized:
            changes["categories"] = list(fact.categories)
        Memory.objects.filter(id=memory.id).update(**changes)
        self._set_attribute(fact, said, memory)
        return Verdict(VerdictKind.MERGED, fact.text, memory.id, previous=previous, is_categorized=is_categorized)

    def _supersede(self, old: Memory, fact: Fact, said: Statement, vector: Any) -> Verdict:
        memory = self._store(fact, said, vector)
        supersede(old, by=memory, recorded_at=said.recorded_at)
        closed = (Closed(old.id, old.text),)
        return Verdict(
            VerdictKind.SUPERSEDED, memory.text, memory.id, closed=closed, is_categorized=bool(fact.categories)
        )

    def _store(self, fact: Fact, said: Statement, vector: Any) -> Memory:
        memory: Memory = Memory.objects.create(
            **self.scope.columns(),
            **searchable(fact.text, vector),
            **columns_of(fact),
            **self._told(fact),
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

    def _told(self, fact: Fact) -> dict[str, Any]:
        """Who said it, and after what."""
        told: dict[str, Any] = {"speaker_name": self._speaker_name(fact)}
        if self.conversation is not None:
            told |= {"verbatim": True, "follows": self.conversation.last}
        return told

    def _set_attribute(self, fact: Fact, said: Statement, memory: Memory) -> None:
        if fact.attribute:
            current = Attribute(entity_id=self._owner, key=fact.attribute, value=said.value, memory=memory)
            Attribute.objects.bulk_create(
                [current],
                update_conflicts=True,
                unique_fields=["project", "entity", "key"],
                update_fields=["value", "memory", "updated_at"],
            )

    def _statement(self, fact: Fact) -> Statement:
        return Statement(
            text=fact.text,
            said_at=self.event.said_at,
            event_id=self.event.id,
            key=fact.attribute or "",
            value=(fact.value or "") if fact.attribute else "",
            sources=fact.sources,
            speaker=fact.speaker,
            speaker_name=self._speaker_name(fact),
            trust=fact.trust,
            extractor=self.extractor,
            actor_id=self.event.actor_id,
            key_id=self.event.key_id,
            recorded_at=self.recorded_at,
            judged=kept_of(fact),
        )


def hold(scope: Scope) -> None:
    """Until the commit, nobody else writes about an agent: adds of other lanes may, those of users who talk to it."""
    kind, name = next(scope.entities())
    if kind == EntityType.AGENT:
        Entity.objects.select_for_update(of=["self"], no_key=True).get(type=kind, name=name)


def _bounded(facts: Sequence[Fact]) -> Iterator[Fact]:
    """The facts, of which only the first ten may change what an extractor was shown; the others stand alone."""
    changes = 0
    for fact in facts:
        changes += fact.relation in {Relation.REFINES, Relation.REPLACES}
        yield fact if changes <= MAX_CHANGES else replace(fact, relation=None, candidate=None)


def _is_trusted_with(fact: Fact, memory: Memory) -> bool:
    """Tells whether the fact may change the memory: what a document says changes no speaker's words."""
    return fact.trust != Trust.EXTERNAL or memory.trust == Trust.EXTERNAL


def supersede(old: Memory, *, by: Memory, recorded_at: datetime) -> None:
    """Closes what `old` says from the time at which `by` was said; it stays readable, and names its successor."""
    timeline.end(old, at=by.created_at, recorded_at=recorded_at)
    Memory.objects.filter(id=old.id).update(
        state=MemoryState.SUPERSEDED, replaced_by=by, version=old.version + 1, updated_at=timezone.now()
    )


def _locked(**where: Any) -> Memory | None:
    return visible(Q(**where)).select_for_update(of=["self"]).defer("embedding", "terms").first()
