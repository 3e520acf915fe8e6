"""An export is asked for, looked up and given up (contract.md §9.1, §9.2); all inside the caller's `tenant_tx`."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils import timezone

from loci.errors import NotFound
from memories.exports import copies, parts
from memories.models import Event, EventType, Export, ExportFormat
from memories.provenance import Author
from memories.retrieval.filters import And, Node, Not, Or, fold, owners
from memories.scope import SCOPED
from memories.services.accepting import Accepted
from workers import jobs
from workers.models import Job

KIND = "export"
QUEUE = "exports"
DELETED = "The export was deleted."
NO_EXPORT = "No memory export request found"


@dataclass(frozen=True)
class Request:
    """What is wanted: `filters` is what `fold` takes of a request. A file of `format` may `include` more."""

    filters: Mapping[str, Any]
    format: ExportFormat = ExportFormat.SCHEMA
    schema: Mapping[str, Any] = field(default_factory=dict)
    instructions: str = ""
    include: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Returns the request as the export keeps it, in a form that `fold` takes."""
        return {
            **self.filters,
            "schema": dict(self.schema),
            "instructions": self.instructions,
            "include": list(self.include),
        }


def accept_export(request: Request, by: Author) -> tuple[Accepted, Job]:
    """Stores the export, its event and its job; the caller rings for it after the commit."""
    where = fold(request.filters)
    scope = _scope(where)
    event = Event.objects.create(
        **scope, **by.columns(), event_type=EventType.EXPORT, payload={"format": str(request.format), **scope}
    )
    Export.objects.create(
        id=event.id,
        event=event,
        **scope,
        format=request.format,
        asked=request.as_json(),
        filters_hash=_hash(where),
        expires_at=timezone.now() + parts.MADE_WITHIN,
    )
    job = jobs.enqueue(kind=KIND, queue=QUEUE, event_id=event.id, cursor={})
    return Accepted(event.id, event, job.id), job


def export_of(export_id: str | UUID) -> Export:
    """Returns the export that has not expired; raises `NotFound` for what is none, or no longer."""
    try:
        found = Export.objects.filter(id=UUID(str(export_id)), expires_at__gt=timezone.now())
    except ValueError:
        raise no_export() from None
    export: Export | None = found.select_related("event").first()
    if export is None:
        raise no_export()
    return export


def newest_export(filters: Mapping[str, Any]) -> Export:
    """Returns the newest export with these filters that fits a schema; raises `NotFound` where there is none."""
    same = Export.objects.filter(filters_hash=_hash(fold(filters)), format=ExportFormat.SCHEMA)
    export: Export | None = (
        same.filter(expires_at__gt=timezone.now()).select_related("event").order_by("-created_at", "-id").first()
    )
    if export is None:
        raise no_export()
    return export


def delete_export(export_id: str) -> Export:
    """Removes an export, also one that is being made; raises `NotFound` as `export_of`."""
    export = export_of(export_id)
    copies.withdraw([export], DELETED)
    return export


def no_export() -> NotFound:
    """Returns the error of an export that is not there, in the contract's words (contract.md §2)."""
    return NotFound(NO_EXPORT, body={"error": NO_EXPORT})


def _scope(where: Node) -> dict[str, str | None]:
    """The entity that everything found belongs to, of each type."""
    scope: dict[str, str | None] = dict.fromkeys(SCOPED)
    for owner in owners(where):
        kind, _, name = owner.partition(":")
        scope[f"{kind}_id"] = name
    return scope


def _hash(where: Node) -> str:
    return hashlib.sha256(_canonical(where).encode()).hexdigest()


def _canonical(node: Node) -> str:
    """The same text for filters that only differ in order."""
    match node:
        case And(children) | Or(children):
            return f"{type(node).__name__}({','.join(sorted(map(_canonical, children)))})"
        case Not(child):
            return f"Not({_canonical(child)})"
    return repr(node)
