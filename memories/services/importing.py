"""Memories that were made elsewhere are taken over as they are, with their ids, times and past (docs/operating.md)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from loci.tenancy.context import Tenant, current_project_id, tenant_tx
from memories.extraction.base import Edge, Fact
from memories.models import (
    Cause,
    Entity,
    Event,
    EventStatus,
    EventType,
    Memory,
    MemoryState,
    Quarantined,
    Revision,
)
from memories.resolution import timeline
from memories.resolution.quarantine import kept_in_quarantine
from memories.resolution.resolver import INSTRUCTS
from memories.resolution.timeline import Statement
from memories.resolution.verdicts import Verdict, VerdictKind
from memories.scope import EntityType, Scope
from memories.services.accepting import AddRequest
from memories.text import searchable, vectors_of
from orgs import audit

IMPORTER = "import/1"
"""The `extractor` of what is taken over: who found the facts elsewhere is not known."""

WRITTEN_AT_ONCE = 250
"""Memories per statement, which holds their vectors."""

_ONE_AFTER_ANOTHER = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


@dataclass(frozen=True)
class ImportedMemory:
    """A memory as its source has it. `said` is its past, never empty, of which the last statement in time is `text`.

    `closed_at` is until when a superseded one was true, `replaced_by` what superseded it, which may come later.
    """

    id: UUID
    scope: Scope
    text: str
    created_at: datetime
    updated_at: datetime
    said: tuple[tuple[Cause, Statement], ...]
    closed_at: datetime | None = None
    replaced_by: UUID | None = None
    metadata: dict[str, Any] | None = None
    categories: list[str] | None = None
    immutable: bool = False
    expires_on: date | None = None
    judged: Mapping[str, Any] = field(default_factory=dict)
    """Columns that tell what an extractor judged of it."""

    @property
    def state(self) -> MemoryState:
        """Returns whether it still holds."""
        return MemoryState.ACTIVE if self.closed_at is None else MemoryState.SUPERSEDED


@dataclass(frozen=True)
class ImportedEntity:
    """What the source keeps of a user, agent, app or run beside its memories."""

    type: EntityType
    name: str
    created_at: datetime
    updated_at: datetime
    display_name: str
    metadata: dict[str, Any]


def texts_there(tenant: Tenant, ids: Collection[UUID]) -> dict[UUID, str]:
    """Returns what the memories with these ids say that the project has already; "" for one that was deleted."""
    with tenant_tx(tenant):
        return _texts(ids)


def import_memories(tenant: Tenant, memories: Sequence[ImportedMemory]) -> int:
    """Keeps those memories whose ids the project does not have, in one commit, and returns how many that were.

    What is there stays as it is, so doing it again has no effect. `replaced_by` is left to `link_superseded`. Nothing
    is counted as usage: an import is the operator's doing. Raises `DependencyError` when the embedder is away.
    """
    found_by = _found_by(memories)
    with tenant_tx(tenant):
        _wait_for_other_imports()
        there = _texts(found_by)
        new = [memory for memory in memories if memory.id not in there]
        _introduce(memory.scope for memory in new)
        rows = [_row(memory, found_by[memory.id]) for memory in new]
        Memory.objects.bulk_create(rows, batch_size=WRITTEN_AT_ONCE)
        past = [timeline.learned(row, each.said, closed_at=each.closed_at) for row, each in zip(rows, new, strict=True)]
        Revision.objects.bulk_create((revision for of_one in past for revision in of_one), batch_size=1000)
        return len(new)


def quarantined_there(tenant: Tenant, ids: Collection[UUID]) -> set[UUID]:
    """Returns which of these ids are of memories that came into quarantine, whatever was decided about them."""
    with tenant_tx(tenant):
        return _quarantined(ids)


def quarantine_memories(tenant: Tenant, memories: Sequence[ImportedMemory]) -> int:
    """Lets those of these memories that the project does not know wait for a decision, and returns how many that were.

    Each waits under the memory's own id, as the fact of an add of its own. Its past is not kept.
    """
    with tenant_tx(tenant):
        _wait_for_other_imports()
        there = _quarantined([memory.id for memory in memories])
        new = [memory for memory in memories if memory.id not in there]
        _introduce(memory.scope for memory in new)
        added = [_add_of(memory) for memory in new]
        Event.objects.bulk_create(added)
        Quarantined.objects.bulk_create(_waiting(memory, event) for memory, event in zip(new, added, strict=True))
        return len(new)


def import_entities(tenant: Tenant, entities: Iterable[ImportedEntity]) -> None:
    """Keeps what is known of entities that the project does not have; the others stay as they are."""
    with tenant_tx(tenant):
        _create(
            [
                Entity(
                    type=entity.type,
                    name=entity.name,
                    display_name=entity.display_name,
                    metadata=entity.metadata,
                    created_at=entity.created_at,
                    updated_at=entity.updated_at,
                )
                for entity in entities
            ]
        )


def link_superseded(tenant: Tenant, successors: Mapping[UUID, UUID]) -> dict[UUID, UUID]:
    """Notes by which memory each superseded one was replaced, and returns those whose successor is not there (yet).

    A superseded memory that names its successor already, or is none any more, stays as it is.
    """
    with tenant_tx(tenant):
        there = _texts(set(successors.values()))
        open_ends = Memory.objects.filter(id__in=successors, state=MemoryState.SUPERSEDED, replaced_by=None)
        changed = [
            Memory(id=memory_id, replaced_by_id=successors[memory_id])
            for memory_id in open_ends.order_by("id").select_for_update(of=["self"]).values_list("id", flat=True)
            if successors[memory_id] in there
        ]
        if changed:
            Memory.objects.bulk_update(changed, ["replaced_by"])
    return {memory_id: successor for memory_id, successor in successors.items() if successor not in there}


def note_import(tenant: Tenant, public_id: str, count: int) -> None:
    """Notes in the audit log of the project's organization that its operator brought memories in, and how many.

    Without the database it does nothing: what was kept is kept.
    """
    with audit.in_nobodys_way("memory.import"), tenant_tx(tenant):
        audit.record(audit.SYSTEM, "memory.import", "project", public_id, count=count)


def _texts(ids: Iterable[UUID]) -> dict[UUID, str]:
    return dict(Memory.objects.filter(id__in=list(ids)).values_list("id", "text"))


def _quarantined(ids: Iterable[UUID]) -> set[UUID]:
    return set(Quarantined.objects.filter(id__in=list(ids)).values_list("id", flat=True))


def _add_of(memory: ImportedMemory) -> Event:
    now = timezone.now()
    verdict = Verdict(VerdictKind.QUARANTINED, memory.text, reason=INSTRUCTS, quarantine_id=memory.id)
    asked = AddRequest(memory.scope, (), False, memory.metadata, memory.immutable, memory.expires_on)
    return Event(
        **memory.scope.columns(),
        event_type=EventType.ADD,
        status=EventStatus.SUCCEEDED,
        payload=asked.payload(),
        verdicts=[verdict.as_json()],
        said_at=memory.created_at,
        started_at=now,
        completed_at=now,
    )


def _waiting(memory: ImportedMemory, event: Event) -> Quarantined:
    judged = {name: value for name, value in memory.judged.items() if name != "topic_keys"}
    fact = Fact(memory.text, speaker="import", categories=tuple(memory.categories or ()))
    fact = replace(fact, **{**judged, "relations": tuple(Edge(**edge) for edge in judged["relations"])})
    return Quarantined(
        id=memory.id,
        **memory.scope.columns(),
        event=event,
        fact=kept_in_quarantine(fact, extractor=IMPORTER, speaker_name="", known=None),
        flags=judged["flags"],
        reason=INSTRUCTS,
    )


def _found_by(memories: Sequence[ImportedMemory]) -> dict[UUID, dict[str, Any]]:
    vectors = vectors_of([memory.text for memory in memories])
    return {memory.id: searchable(memory.text, vector) for memory, vector in zip(memories, vectors, strict=True)}


def _wait_for_other_imports() -> None:
    """Two imports of the same memories at once would both find nothing there."""
    with connection.cursor() as cursor:
        cursor.execute(_ONE_AFTER_ANOTHER, [f"import {current_project_id()}"])


def _introduce(scopes: Iterable[Scope]) -> None:
    named = {entity for scope in scopes for entity in scope.entities()}
    _create([Entity(type=kind, name=name) for kind, name in named])


def _create(entities: list[Entity]) -> None:
    """In the order of adds: else those that introduce the same entities could wait for this in a circle."""
    types = list(EntityType)
    entities.sort(key=lambda entity: (types.index(EntityType(entity.type)), entity.name))
    Entity.objects.bulk_create(entities, ignore_conflicts=True)


def _row(memory: ImportedMemory, found_by: Mapping[str, Any]) -> Memory:
    return Memory(
        id=memory.id,
        **memory.scope.columns(),
        **found_by,
        metadata=memory.metadata,
        categories=memory.categories,
        state=memory.state,
        immutable=memory.immutable,
        expires_on=memory.expires_on,
        **memory.judged,
        created_at=memory.created_at,
        updated_at=memory.updated_at,
    )
