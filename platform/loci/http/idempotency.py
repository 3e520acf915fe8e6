"""`Idempotency-Key`: one effect and one answer, however often a request is sent (reliability.md §2.5)."""

import hashlib
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from loci.errors import DomainError
from loci.http.places import place_if_free, until
from loci.http.renderer import dump_json
from loci.models import IdempotencyKey
from loci.tenancy.batches import delete_some
from loci.tenancy.context import Tenant, current_project_id, tenant_tx

KEPT_FOR = timedelta(hours=24)
WAIT_S, MOMENT_S = 5.0, 1.0
"""How long a repeat waits for the request that holds its key: with a place to wait in, and without one."""
ERASED = 410
"""In place of an answer's status: it is not to be kept, a replay is answered from the event."""

GONE = "What this Idempotency-Key answered was deleted since."
REPLAYED = "Idempotent-Replayed"
STILL_RUNNING = "A request with this Idempotency-Key is still being answered."

T = TypeVar("T")

_FORM = re.compile(r"[\x20-\x7e]{1,255}")


class KeyIsBusy(Exception):
    """Another request holds the key and has not committed yet."""


@dataclass(frozen=True)
class Earlier:
    """The earlier request of a key: the event or memory that it was about, and its answer once that was given."""

    subject_id: UUID
    status: int
    body: str


@dataclass(frozen=True)
class Idempotency:
    """A key that came with a request, and the hash of what was asked."""

    key: str
    request_hash: bytes

    def begin(self) -> Earlier | None:
        """Claims the key inside the effect's own commit; returns the earlier request of the last 24 hours, if any.

        Raises `KeyIsBusy` while another request holds the key: `when_free` tries again, with no connection held.
        Raises `DomainError` (409) where the earlier request asked for something else.
        """
        if kept := self._kept():
            return self._earlier(kept)  # Without the lock: repeats need not wait for each other.
        self._lock()
        self._forget_expired()
        row = IdempotencyKey(key=self.key, request_hash=self.request_hash)
        IdempotencyKey.objects.bulk_create([row], ignore_conflicts=True)
        found = IdempotencyKey.objects.get(key=self.key)
        return None if found.id == row.id else self._earlier(found)

    def find(self, tenant: Tenant) -> Earlier | None:
        """Returns the earlier request of the key, if there is one, without claiming it. Raises as `begin`."""
        with tenant_tx(tenant):
            kept = self._kept()
            return self._earlier(kept) if kept else None

    def _kept(self) -> IdempotencyKey | None:
        return IdempotencyKey.objects.filter(key=self.key, created_at__gte=timezone.now() - KEPT_FOR).first()

    def _earlier(self, found: Any) -> Earlier:
        if bytes(found.request_hash) != self.request_hash:
            raise DomainError("This Idempotency-Key was used with another request.", status=409)
        return Earlier(found.subject_id, found.status, found.body)

    def _lock(self) -> None:
        """Until the end of the transaction; a wait inside of it would hold a thread and a connection."""
        with connection.cursor() as cursor:
            name = f"{current_project_id()} {self.key}"
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
            if cursor.fetchone() != (True,):
                raise KeyIsBusy

    def _forget_expired(self) -> None:
        """What was asked under the same key before its time was over."""
        _expired(timezone.now()).filter(key=self.key).delete()

    def belongs_to(self, subject_id: UUID) -> None:
        """Notes the event that the request made, or the memory whose text it answers with."""
        IdempotencyKey.objects.filter(key=self.key).update(subject_id=subject_id)

    def remember(self, tenant: Tenant, status: int, body: bytes) -> None:
        """Keeps the answer, so that a replay gets the same bytes; in a commit of its own, or in the caller's."""
        with tenant_tx(tenant):
            IdempotencyKey.objects.filter(key=self.key, status=0).update(status=status, body=body.decode())


def _expired(now: datetime) -> QuerySet[IdempotencyKey]:
    expired: QuerySet[IdempotencyKey] = IdempotencyKey.objects.filter(created_at__lt=now - KEPT_FOR)
    return expired


def prune(now: datetime, most: int) -> int:
    """Deletes up to `most` keys that nobody will ask for again, inside the caller's `tenant_tx`; returns how many."""
    return delete_some(_expired(now).order_by("created_at"), most)


def erase_answers(subject_ids: Iterable[UUID]) -> None:
    """Empties what was answered about these events and memories, also where the answer is yet to be kept."""
    IdempotencyKey.objects.filter(subject_id__in=subject_ids).update(status=ERASED, body="")


def idempotency_of(request: Request, tenant: Tenant) -> Idempotency | None:
    """Returns the request's key; None where it sent none. Raises `DomainError` (400) for a key of another form."""
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return None
    if not _FORM.fullmatch(key):
        raise DomainError("Idempotency-Key must be 1 to 255 printable ASCII characters.")
    # With the entity: what a key that is bound to another one was answered is not for this one.
    asked = [request.method, request.get_full_path(), tenant.entity, request.data]
    return Idempotency(key, hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).digest())


def when_free(attempt: Callable[[], T]) -> T:
    """Returns `attempt()`, which is tried again while it raises `KeyIsBusy`; after 5 seconds that is a 409."""
    with suppress(KeyIsBusy):
        return attempt()
    with place_if_free() as has_place:
        for _ in until(WAIT_S if has_place else MOMENT_S):
            with suppress(KeyIsBusy):
                return attempt()
    raise DomainError(STILL_RUNNING, status=409)


def wait_for_answer(key: Idempotency, tenant: Tenant, *, is_soon: bool) -> Earlier | None:
    """Returns the earlier request of `key` once it was answered, or as it stands after 5 seconds.

    `is_soon` says that it does not wait for anything itself: then nobody needs a place to wait for it.
    """
    with place_if_free() as has_place:
        for _ in until(WAIT_S if has_place or is_soon else MOMENT_S):
            earlier = key.find(tenant)
            if earlier is None or earlier.status:
                break
        return earlier


def replay_of(request: Request, tenant: Tenant) -> HttpResponse | None:
    """Returns what the request was answered under its key before, or None for one that is new."""
    key = idempotency_of(request, tenant)
    earlier = key.find(tenant) if key else None
    return _repeated(earlier) if earlier else None


def answer_once(
    request: Request,
    tenant: Tenant,
    *,
    change: Callable[[], T],
    answer: Callable[[T], Any],
    then: Callable[[T], None],
    about: UUID | Callable[[T], UUID] | None,
    status: int,
) -> HttpResponse:
    """Answers with the JSON of `answer(change())`; see `orgs.api.base.ProjectView.once`."""
    key = idempotency_of(request, tenant)
    make = partial(_made, change, answer)
    made = make() if key is None else when_free(lambda: _made_under(key, tenant, make, about, status))
    if isinstance(made, Earlier):
        return _repeated(made)
    changed, body = made
    then(changed)
    return HttpResponse(body, status=status, content_type="application/json")


def _made(change: Callable[[], T], answer: Callable[[T], Any]) -> tuple[T, bytes]:
    changed = change()
    return changed, dump_json(answer(changed))


def _made_under(
    key: Idempotency,
    tenant: Tenant,
    make: Callable[[], tuple[T, bytes]],
    about: UUID | Callable[[T], UUID] | None,
    status: int,
) -> Earlier | tuple[T, bytes]:
    """The change and the key that it was asked under, in one commit; or the earlier request of that key."""
    with tenant_tx(tenant):
        if earlier := key.begin():
            return earlier
        changed, body = make()
        if about is not None:
            key.belongs_to(about(changed) if callable(about) else about)
        key.remember(tenant, status, body)
        return changed, body


def _repeated(earlier: Earlier) -> HttpResponse:
    if earlier.status == ERASED:
        raise DomainError(GONE, status=ERASED)
    return replayed(earlier.body, earlier.status)


def replayed(body: str | bytes, status: int = 200) -> HttpResponse:
    """Returns an answer that was given before."""
    return HttpResponse(body, status=status, content_type="application/json", headers={REPLAYED: "true"})
