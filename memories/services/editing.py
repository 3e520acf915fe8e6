"""Memories are changed through the API: one, or many in one commit (contract.md §5.11, §7)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.utils import timezone

from loci.errors import DomainError
from loci.tenancy.context import Tenant, tenant_tx
from loci.tenancy.models import new_id
from memories.models import EDITOR, Attribute, Cause, Memory, Revision
from memories.provenance import LOCI, Author
from memories.queries import memories_of, memory_of
from memories.resolution import timeline
from memories.resolution.timeline import Statement
from memories.text import NOT_JUDGED, searchable, vectors_of
from workers import outcomes
from workers.outcomes import Outcome

IMMUTABLE = "This memory is immutable."

UPDATED_AT_ONCE = 250
"""Memories per statement, which holds their vectors."""


@dataclass(frozen=True)
class Edit:
    """What is to change in a memory; a text of None stays. `columns` are other columns with their new values."""

    memory_id: UUID
    text: str | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PreparedEdit:
    """An edit with everything that takes long already done: `columns` hold also what a new text is found by."""

    memory_id: UUID
    text: str | None
    columns: Mapping[str, Any]


def prepare(edits: Sequence[Edit]) -> list[PreparedEdit]:
    """Embeds the new texts, all in one call; never call it inside a transaction."""
    texts = [edit.text for edit in edits if edit.text is not None]
    vectors: Iterator[Any] = iter(vectors_of(texts) if texts else [])
    return [_prepared(edit, next(vectors) if edit.text is not None else None) for edit in edits]


def _prepared(edit: Edit, vector: Any) -> PreparedEdit:
    new = {} if edit.text is None else {**searchable(edit.text, vector), **NOT_JUDGED}
    return PreparedEdit(edit.memory_id, edit.text, {**edit.columns, **new})


def edit_memory(tenant: Tenant, edit: PreparedEdit, *, by: Author = LOCI) -> Memory:
    """Changes a memory and returns it; a new text is a new revision.

    Raises `NotFound`, and `DomainError` for an immutable one.
    """
    with tenant_tx(tenant):
        edit_memories(tenant, [edit], by=by)
        return memory_of(edit.memory_id)


def edit_memories(tenant: Tenant, edits: Sequence[PreparedEdit], *, by: Author = LOCI) -> None:
    """Changes these memories, each named once, in one commit.

    Raises `NotFound` when one does not exist, and `DomainError` when one is immutable; then none is changed.
    """
    by_id = {edit.memory_id: edit for edit in edits}
    with tenant_tx(tenant):
        memories = memories_of(by_id, whole=True)
        if any(memory.immutable for memory in memories):
            raise DomainError(IMMUTABLE)
        _restate([memory for memory in memories if by_id[memory.id].text is not None], by_id, by)
        _update(memories, by_id)
        outcomes.record(Outcome(meter="update", source=new_id(), quantity=len(memories)))


def _restate(memories: Sequence[Memory], edits: Mapping[UUID, PreparedEdit], by: Author) -> None:
    timeline.keep_findable([memory for memory in memories if edits[memory.id].text != memory.text])
    now = timezone.now()
    said = Statement(text="", said_at=now, speaker=EDITOR, actor_id=by.actor_id, key_id=by.key_id)
    # What the API says is believed from now on, also over a statement that was dated into the future.
    statements = [
        (believed, replace(said, text=edits[memory_id].text or "", said_at=max(now, believed[-1].valid_from)))
        for memory_id, believed in timeline.believed_of(memories).items()
    ]
    # The memories still say it, but the values are no longer known: the next statements give them.
    supporting = Attribute.objects.filter(memory__in=memories)
    said_so = set(supporting.values_list("memory_id", "key"))
    timeline.append([_about(believed, new, said_so) for believed, new in statements], Cause.UPDATE)
    supporting.update(value="", updated_at=now)


def _about(
    believed: Sequence[Revision], said: Statement, supporting: Collection[tuple[UUID, str]]
) -> tuple[Sequence[Revision], Statement]:
    """A statement still is about the attribute that the memory supports."""
    newest = believed[-1]
    is_supporting = (newest.memory_id, newest.attribute_key) in supporting
    return believed, replace(said, key=newest.attribute_key) if is_supporting else said


def _update(memories: Sequence[Memory], edits: Mapping[UUID, PreparedEdit]) -> None:
    """All in few statements: an upsert of rows that are there writes only the columns that it names."""
    now = timezone.now()
    changed = {"version", "updated_at"}
    for memory in memories:
        columns = edits[memory.id].columns
        for name, value in {**columns, "version": memory.version + 1, "updated_at": now}.items():
            setattr(memory, name, value)
        changed |= columns.keys()
    Memory.objects.bulk_create(
        memories,
        update_conflicts=True,
        unique_fields=["project", "id"],
        update_fields=changed,
        batch_size=UPDATED_AT_ONCE,
    )
