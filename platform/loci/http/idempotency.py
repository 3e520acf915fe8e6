"""`Idempotency-Key`: one effect and one answer, however often a request is sent (reliability.md §2.5)."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import orjson
from django.utils import timezone
from rest_framework.request import Request

from loci.errors import DomainError
from loci.models import IdempotencyKey
from loci.tenancy.context import Tenant, tenant_tx

KEPT_FOR = timedelta(hours=24)
ERASED = 410
"""In place of an answer's status: it is not to be kept, a replay is answered from the event."""

_FORM = re.compile(r"[\x20-\x7e]{1,255}")


@dataclass(frozen=True)
class Earlier:
    """The earlier request of a key: its event, and its answer once that was given."""

    event_id: UUID
    status: int
    body: str


@dataclass(frozen=True)
class Idempotency:
    """A key that came with a request, and the hash of what was asked."""

    key: str
    request_hash: bytes

    def begin(self) -> Earlier | None:
        """Claims the key inside the effect's own commit; returns the earlier request of the last 24 hours, if any.

        A concurrent request with the same key waits for that commit. Raises `DomainError` (409) where the earlier
        request asked for something else.
        """
        IdempotencyKey.objects.filter(key=self.key, created_at__lt=timezone.now() - KEPT_FOR).delete()
        row = IdempotencyKey(key=self.key, request_hash=self.request_hash)
        IdempotencyKey.objects.bulk_create([row], ignore_conflicts=True)
        found = IdempotencyKey.objects.get(key=self.key)
        if found.id == row.id:
            return None
        if bytes(found.request_hash) != self.request_hash:
            raise DomainError("This Idempotency-Key was used with another request.", status=409)
        return Earlier(found.event_id, found.status, found.body)

    def belongs_to(self, event_id: UUID) -> None:
        """Notes the event that the request made."""
        IdempotencyKey.objects.filter(key=self.key).update(event_id=event_id)

    def remember(self, tenant: Tenant, status: int, body: bytes) -> None:
        """Keeps the answer, so that a replay gets the same bytes."""
        with tenant_tx(tenant):
            IdempotencyKey.objects.filter(key=self.key, status=0).update(status=status, body=body.decode())


def erase_answers(event_ids: Iterable[UUID]) -> None:
    """Empties what was answered about these events, also where the answer is yet to be kept."""
    IdempotencyKey.objects.filter(event_id__in=event_ids).update(status=ERASED, body="")


def idempotency_of(request: Request) -> Idempotency | None:
    """Returns the request's key; None where it sent none. Raises `DomainError` (400) for a key of another form."""
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return None
    if not _FORM.fullmatch(key):
        raise DomainError("Idempotency-Key must be 1 to 255 printable ASCII characters.")
    asked = orjson.dumps([request.method, request.path, request.data], option=orjson.OPT_SORT_KEYS)
    return Idempotency(key, hashlib.sha256(asked).digest())
