"""Memories are changed through the API: one, or many in one commit (contract.md §5.11, §7)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from loci.errors import DomainError
from loci.tenancy.context import Tenant, tenant_tx
from loci.tenancy.models import new_id
from memories.extraction.base import Fact
from memories.models import EDITOR, Attribute, Cause, Memory, Revision
from memories.notices import Change, Happened, tell
from memories.provenance import LOCI, Author
from memories.queries import memories_of, memory_of
from memories.resolution import timeline
from memories.resolution.judgement import NO_CATEGORIES, columns_of, kept_of
from memories.resolution.timeline import Statement
from memories.screening import Flag, Screened, screen
from memories.services import churn
from memories.text import searchable, vectors_of
from orgs.models import Project
from orgs.project_settings import REDACT_PII, SUSPICIOUS, Suspicious
from workers import outcomes
from workers.outcomes import Outcome

IMMUTABLE = "This memory is immutable."
INSTRUCTS = "The text reads like an instruction to an assistant, which this project does not keep."
NOTHING_LEFT = "The text holds nothing that can be read."

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
    judged: dict[str, Any] | None = None


def prepare(tenant: Tenant, edits: Sequence[Edit]) -> list[PreparedEdit]:
    """Screens and embeds the new texts, all in one call; never call it inside a transaction.

    Raises `DomainError` for a text of which screening leaves nothing, and for one that reads like an instruction where
    the project does not just flag these.
    """
    texts = _screened(tenant, [edit.text for edit in edits if edit.text is not None])
    vectors: Any = vectors_of([screened.text for screened in texts]) if texts else []
    new = iter(zip(texts, vectors, strict=True))
    return [_restated(edit, *next(new)) if edit.text is not None else _kept(edit) for edit in edits]


def _screened(tenant: Tenant, texts: Sequence[str]) -> list[Screened]:
    if not texts:
        return []
    with tenant_tx(tenant):
        kept = Project.objects.values_list("settings", flat=True).get(id=tenant.project_id)
    found = [screen(text, redact_pii=kept.get(REDACT_PII, False)) for text in texts]
    if not all(screened.text.strip() for screened in found):
        raise DomainError(NOTHING_LEFT)
    if kept.get(SUSPICIOUS, Suspicious.FLAG) != Suspicious.FLAG and any(Flag.INSTRUCTION in one.flags for one in found):
        raise DomainError(INSTRUCTS)
    return found


def _restated(edit: Edit, said: Screened, vector: Any) -> PreparedEdit:
    # What an extractor judged of the text before says nothing of the new one, and whoever said that, not this.
    fact = Fact(said.text, flags=said.flags)
    new: dict[str, Any] = {**columns_of(fact), **NO_CATEGORIES, "speaker_name": ""}
    columns = {**edit.columns, **searchable(said.text, vector), **new}
    return PreparedEdit(edit.memory_id, said.text, columns, {**kept_of(fact), **NO_CATEGORIES})


def _kept(edit: Edit) -> PreparedEdit:
    return PreparedEdit(edit.memory_id, None, edit.columns)


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
        changes = [_change_of(memory, by_id[memory.id]) for memory in memories]
        _update(memories, by_id)
        tell(changes)
        outcomes.record(Outcome(meter="update", source=new_id(), quantity=len(memories)))
        transaction.on_commit(partial(churn.note, tenant, by, len(memories)))


def _restate(memories: Sequence[Memory], edits: Mapping[UUID, PreparedEdit], by: Author) -> None:
    timeline.keep_findable([memory for memory in memories if edits[memory.id].text != memory.text])
    now = timezone.now()
    said = Statement(text="", said_at=now, speaker=EDITOR, actor_id=by.actor_id, key_id=by.key_id)
    # What the API says is believed from now on, also over a statement that was dated into the future.
    statements = [
        (believed, replace(said, text=edit.text or "", said_at=max(now, believed[-1].valid_from), judged=edit.judged))
        for edit, believed in ((edits[memory_id], rows) for memory_id, rows in timeline.believed_of(memories).items())
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


def _change_of(memory: Memory, edit: PreparedEdit) -> Change:
    """What the edit is going to be to those who are told of it."""
    categories = edit.columns.get("categories", memory.categories)
    return Change(memory.id, Happened.UPDATE, (categories or []) != (memory.categories or []))


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
