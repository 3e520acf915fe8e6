"""A memory is changed through the API (contract.md §5.11)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from loci.errors import DomainError
from loci.tenancy.context import Tenant, tenant_tx
from loci.tenancy.models import new_id
from memories.models import Attribute, Cause, Memory
from memories.queries import memory_of
from memories.resolution import timeline
from memories.resolution.timeline import Statement
from memories.text import searchable, vectors_of
from workers import outcomes
from workers.outcomes import Outcome


@dataclass(frozen=True)
class Edit:
    """What is to change; a text of None stays. `fields` are other columns of the memory."""

    text: str | None = None
    said_at: datetime | None = None
    fields: dict[str, Any] = field(default_factory=dict)


def edit_memory(tenant: Tenant, memory_id: UUID, edit: Edit) -> Memory:
    """Changes a memory and returns it; a new text is a new revision.

    Raises `NotFound`, and `DomainError` for an immutable one.
    """
    vector = vectors_of([edit.text])[0] if edit.text is not None else None
    with tenant_tx(tenant):
        memory = memory_of(memory_id, lock=True)
        if memory.immutable:
            raise DomainError("This memory is immutable.")
        changes = dict(edit.fields)
        if edit.said_at is not None:
            changes["created_at"] = edit.said_at
        if edit.text is not None:
            changes |= searchable(edit.text, vector)
            timeline.insert(memory, Statement(text=edit.text, said_at=_now_after(memory), speaker="api"), Cause.UPDATE)
            # The memory still says it, but the value is no longer known: the next statement gives it.
            Attribute.objects.filter(memory=memory).update(value="")
        Memory.objects.filter(id=memory.id).update(**changes, version=memory.version + 1, updated_at=timezone.now())
        outcomes.record(Outcome(meter="update", source=new_id()))
        return memory_of(memory_id)


def _now_after(memory: Memory) -> datetime:
    """What the API says is believed from now on, also over a statement that was dated into the future."""
    return max(timezone.now(), timeline.believed(memory)[-1].valid_from)
