"""An add is accepted: one commit stores the request and its job (design.md §3.1)."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from loci.http.idempotency import Idempotency
from loci.tenancy.context import Tenant, current_project_id, tenant_tx
from memories.extraction.base import InputMessage
from memories.models import Event, Message
from memories.provenance import LOCI, Author
from memories.scope import Scope
from memories.screening import screen_message
from memories.services.files import BEGINNING, store_files
from orgs.models import Project
from orgs.project_settings import REDACT_PII, extraction_options, screening_options
from workers import jobs
from workers.doorbell import announce

KIND = "add"
QUEUE = "extraction"
BOUND_TO = "bound_to"
"""In an event's payload: the entity, as `user:alex`, to which the key was bound that asked. Its worker is, too."""


@dataclass(frozen=True)
class AddRequest:
    """What an application asks to be remembered. `options` are the parameters that steer extraction, as JSON."""

    scope: Scope
    messages: tuple[InputMessage, ...]
    infer: bool = True
    metadata: dict[str, Any] | None = None
    immutable: bool = False
    expires_on: date | None = None
    said_at: datetime | None = None
    attribution: str = "both"
    author: Author = LOCI
    options: dict[str, Any] = field(default_factory=dict)

    def payload(self) -> dict[str, Any]:
        """Returns the request as its event keeps it: everything but the messages."""
        return {
            **self.scope.present(),
            **self.options,
            "infer": self.infer,
            "attribution": self.attribution,
            "metadata": self.metadata,
            "immutable": self.immutable,
            "expiration_date": self.expires_on.isoformat() if self.expires_on else None,
        }


@dataclass(frozen=True)
class Accepted:
    """The event under which a request is followed, as it was stored, and its job.

    A replay was accepted by an earlier request: it has no job.
    """

    event_id: UUID
    event: Event | None = None
    job_id: UUID | None = None
    is_replay: bool = False


def accept_add(
    tenant: Tenant, request: AddRequest, *, key: Idempotency | None = None, run_here: bool = False
) -> Accepted:
    """Stores the request, its messages and its job in one commit, and rings for the job.

    With `run_here` nobody is told: the caller runs the job itself. Raises `DomainError` (409) for a key that
    was used with another request.
    """
    with tenant_tx(tenant):
        if key is not None and (earlier := key.begin()):
            return Accepted(earlier.subject_id, is_replay=True)
        event = _store(request, bound_to=tenant.entity)
        has_files = store_files(event, request.messages, request.scope.columns())
        if key is not None:
            key.belongs_to(event.id)
        lane = request.scope.lane if request.infer else None
        cursor = BEGINNING if has_files else None
        job = jobs.enqueue(kind=KIND, queue=QUEUE, lane=lane, event_id=event.id, run_here=run_here, cursor=cursor)
    if job.published_at is not None and not run_here:
        announce(tenant, job)
    return Accepted(event.id, event, job.id)


def _steering(request: AddRequest) -> dict[str, Any]:
    """The project's own options; what the request says of one of extraction goes before."""
    kept = Project.objects.values_list("settings", flat=True).get(id=current_project_id())
    return {**(extraction_options(kept) if request.infer else {}), **screening_options(kept)}


def _store(request: AddRequest, *, bound_to: str) -> Event:
    said_at = request.said_at or timezone.now()
    columns = request.scope.columns()
    payload = _steering(request) | request.payload() | ({BOUND_TO: bound_to} if bound_to else {})
    author = request.author.columns()
    event: Event = Event.objects.create(**columns, **author, event_type="ADD", payload=payload, said_at=said_at)
    screened = [
        screen_message(message.content, redact_pii=payload.get(REDACT_PII, False)) for message in request.messages
    ]
    Message.objects.bulk_create(
        Message(
            **columns,
            event=event,
            position=position,
            role=message.role,
            name=message.name or "",
            content=kept.text,
            flags=kept.flags,
            said_at=said_at,
        )
        for position, (message, kept) in enumerate(zip(request.messages, screened, strict=True))
    )
    return event
