"""Reads of the audit log: what an auditor looks for, and the whole of it in order."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from loci.tenancy.context import org_tx
from orgs.audit import PRUNE
from orgs.models import AuditEntry, User, canonical_email

READ_AT_ONCE = 1_000

_FILTERS = {
    "key_id": "key_id",
    "object_type": "object_type",
    "object_id": "object_id",
    "outcome": "outcome",
    "request_id": "request_id",
    "from": "created_at__gte",
    "to": "created_at__lte",
}
"""The parameters that ask one column each."""


def entries_that(asked: Mapping[str, Any]) -> QuerySet[AuditEntry]:
    """Returns the entries of the current organization that all of `asked` describes, newest first.

    Besides the parameters of `_FILTERS`: `action` in full, or its beginning up to a dot (`member.`), and `actor`, an
    email or an id. Somebody whom the log does not know has done nothing.
    """
    where = Q(**{_FILTERS[name]: value for name, value in asked.items() if name in _FILTERS})
    if action := asked.get("action"):
        where &= Q(action__startswith=action) if action.endswith(".") else Q(action=action)
    if actor := asked.get("actor"):
        where &= Q(actor_id=_person_id(actor))
    return AuditEntry.objects.filter(where).order_by("-number")


def emails_of(entries: Iterable[AuditEntry]) -> dict[UUID, str]:
    """Returns by their ids the emails of those who acted and still have an account."""
    ids = {entry.actor_id for entry in entries if entry.actor_id}
    return dict(User.objects.filter(id__in=ids).values_list("id", "email"))


def entries_in_order(org_id: UUID, *, until: int) -> Iterator[list[AuditEntry]]:
    """Yields the organization's entries from the first to number `until`, up to 1,000 at a time.

    Each part is read in a transaction of its own: whoever takes the parts may take their time.
    """
    last = 0
    while part := _part(org_id, last, until):
        yield part
        last = part[-1].number


def last_older_than(moment: datetime) -> AuditEntry | None:
    """Returns the newest entry of the current organization that no entry from `moment` on comes before."""
    entries = AuditEntry.objects.order_by("number")
    first_younger = entries.filter(created_at__gte=moment).first()
    older = entries.filter(number__lt=first_younger.number) if first_younger else entries
    return older.last()


def head_before(org_id: UUID, moment: datetime) -> AuditEntry | None:
    """Returns the organization's newest entry from before `moment`, None where there is none (any more)."""
    with org_tx(org_id):
        return AuditEntry.objects.filter(created_at__lt=moment).order_by("-number").first()


def anchors_of(org_id: UUID) -> list[tuple[Any, Any]]:
    """Returns number and hash of the last entries that were pruned, as the log itself says: maybe anything."""
    with org_tx(org_id):
        return list(AuditEntry.objects.filter(action=PRUNE).values_list("details__number", "details__hash"))


def last_number(org_id: UUID) -> int:
    """Returns the number of the organization's newest entry, 0 where there is none."""
    with org_tx(org_id):
        return AuditEntry.objects.order_by("-number").values_list("number", flat=True).first() or 0


def _part(org_id: UUID, after: int, until: int) -> list[AuditEntry]:
    with org_tx(org_id):
        entries = AuditEntry.objects.filter(number__gt=after, number__lte=until)
        return list(entries.order_by("number")[:READ_AT_ONCE])


def _person_id(actor: str) -> UUID | None:
    try:
        return UUID(actor)
    except ValueError:
        # Nobody has the nil id: `actor_id` of None would be the system's.
        found = User.objects.filter(email=canonical_email(actor)).values_list("id", flat=True).first()
        return found or UUID(int=0)
