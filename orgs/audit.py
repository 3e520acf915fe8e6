"""The audit log: what was done in an organization, and what was refused, in a chain of hashes (reliability.md §2.13).

An entry's hash covers everything that it says and the hash of the entry before, so that nothing can be changed, left
out or put between without a trace in everything that follows. `docs/audit.md` tells how anybody checks an export.
"""

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from ipaddress import ip_address
from typing import Any
from uuid import UUID

import orjson
import psycopg
from django.core.cache import caches
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from loci.observability import context
from loci.tenancy.context import current_org_id, org_tx
from orgs.models import ActorType, AuditEntry, Outcome
from orgs.queries import Caller, Refused

logger = logging.getLogger(__name__)

NOTED_EVERY_S = 60
"""What repeats itself is noted once in this time by each process: whoever hammers is no flood in the log."""

PRUNE = "audit.prune"
"""The action of an entry whose details are the number and the hash of the last entry that was pruned."""

_ONE_AFTER_ANOTHER = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


@dataclass(frozen=True)
class Actor:
    """Who did something. The system has no id."""

    type: str
    id: UUID | None = None
    key_id: UUID | None = None
    ip: str | None = None


SYSTEM = Actor(ActorType.SYSTEM)


def actor_of(caller: Caller) -> Actor:
    """Returns who the caller is to the log: a key with its maker, or a person."""
    kind = ActorType.KEY if caller.key else ActorType.PERSON
    return Actor(kind, caller.user_id, caller.key_id, caller.address)


def record(
    by: Caller | Actor,
    action: str,
    object_type: str,
    object_id: object = "",
    *,
    outcome: str = Outcome.DONE,
    **details: Any,
) -> AuditEntry:
    """Adds an entry to the log of the current organization, last of all in the caller's transaction.

    Entries of an organization wait for each other until their transactions end: who has recorded must not wait for
    anything else. `details` are ids, counts and names of settings, never texts, emails or floats: the log survives
    erasure, and is the same number for number wherever it is read. Of a request about a project they name it.
    """
    actor = actor_of(by) if isinstance(by, Caller) else by
    if isinstance(by, Caller) and by.place and by.place.project_id and object_type != "project":
        details["project"] = by.place.project_public_id
    org_id = current_org_id()
    with connection.cursor() as cursor:
        # A statement of its own: the next one sees what was committed while this one waited.
        cursor.execute(_ONE_AFTER_ANOTHER, [f"audit {org_id}"])
    number, previous_hash = AuditEntry.objects.order_by("-number").values_list("number", "hash").first() or (0, "")
    entry = AuditEntry(
        org_id=org_id,
        number=number + 1,
        created_at=timezone.now(),
        actor_type=actor.type,
        actor_id=actor.id,
        key_id=actor.key_id,
        ip=actor.ip,
        request_id=context.request_id() or "",
        action=action,
        object_type=object_type,
        object_id=str(object_id),
        outcome=outcome,
        details=details,
        previous_hash=previous_hash,
    )
    entry.hash = hash_of(entry)
    entry.save(force_insert=True)
    return entry


def note_denied(caller: Caller, action: str, **details: Any) -> None:
    """Logs that the caller was refused where they are, as `note` does."""
    note(caller.here.org_id, actor_of(caller), action, "request", outcome=Outcome.DENIED, **details)


def note_refused_key(refused: Refused, address: str | None) -> None:
    """Logs that somebody used a key that is no longer to be used, as `note` does."""
    actor = Actor(ActorType.ANONYMOUS, key_id=refused.key_id, ip=address)
    note(refused.org_id, actor, "key.use", "request", outcome=Outcome.DENIED, reason=refused.reason)


def note(
    org_id: UUID, actor: Actor, action: str, object_type: str, object_id: object = "", *, outcome: str, **details: Any
) -> None:
    """Logs something in a commit of its own: at most once a minute, and only if the database is there.

    For what is no change of the organization's data: what the caller is answered does not depend on it.
    """
    said = repr((org_id, actor.id, actor.key_id, action, object_id, details))
    if not caches["process"].add(f"noted:{hashlib.sha256(said.encode()).hexdigest()}", True, NOTED_EVERY_S):
        return
    with in_nobodys_way(action), org_tx(org_id):
        record(actor, action, object_type, object_id, outcome=outcome, **details)


@contextmanager
def in_nobodys_way(action: str) -> Iterator[None]:
    """Lets a failure of the database be no more than a warning in the server's log."""
    try:
        yield
    except (DatabaseError, InterfaceError, psycopg.Error):
        logger.warning("audit.not_noted", exc_info=True, extra={"action": action})


def entry_json(entry: AuditEntry) -> dict[str, Any]:
    """Returns everything that an entry says, and its hash, as the API and exports show it.

    `org` is the organization's internal id; times are ISO 8601 in UTC with microseconds.
    """
    return {**_said(entry), "hash": entry.hash}


def hash_of(entry: AuditEntry) -> str:
    """Returns the SHA-256 of what the entry says and of the hash before it, in hexadecimal.

    It is taken of the UTF-8 of `entry_json` without `hash`, with sorted keys and without spaces.
    """
    return hashlib.sha256(orjson.dumps(_said(entry), option=orjson.OPT_SORT_KEYS)).hexdigest()


def _said(entry: AuditEntry) -> dict[str, Any]:
    return {
        "org": str(entry.org_id),
        "number": entry.number,
        "created_at": entry.created_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_type": entry.actor_type,
        "actor_id": _text(entry.actor_id),
        "key_id": _text(entry.key_id),
        # Postgres spells some IPv6 addresses in another way than Python.
        "ip": str(ip_address(entry.ip)) if entry.ip else None,
        "request_id": entry.request_id,
        "action": entry.action,
        "object_type": entry.object_type,
        "object_id": entry.object_id,
        "outcome": entry.outcome,
        "details": entry.details,
        "previous_hash": entry.previous_hash,
    }


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None


@dataclass
class Chain:
    """An organization's entries as they follow each other: `number` and `hash` are the last one's, the head.

    It begins with entry 1, or after one of the `anchors`: the number and the hash of the last of the `pruned` entries,
    as an entry of the chain itself says. `kept` are hashes by number that were kept elsewhere.
    """

    anchors: Sequence[tuple[Any, Any]] = ()
    kept: Mapping[int, str] = field(default_factory=dict)
    number: int = 0
    hash: str = ""
    pruned: int = 0

    def follow(self, entry: AuditEntry) -> Iterator[str]:
        """Goes on to the next entry, and yields a sentence for whatever is wrong with its place or its hash."""
        if self.number == 0 and (entry.number - 1, entry.previous_hash) in self.anchors:
            self.pruned = entry.number - 1
            yield from self._go_to(self.pruned, entry.previous_hash)
        if entry.number != self.number + 1:
            yield f"Entry {self.number + 1} is missing: {entry.number} follows."
        elif entry.previous_hash != self.hash:
            yield f"Entry {entry.number} does not follow the one before it."
        if entry.hash != hash_of(entry):
            yield f"Entry {entry.number} was changed."
        yield from self._go_to(entry.number, entry.hash)

    def end(self) -> Iterator[str]:
        """Yields a sentence where entries are missing at the end."""
        if max(self.kept, default=0) > self.number:
            yield f"The log is cut off: it had {max(self.kept)} entries."

    def _go_to(self, number: int, said: str) -> Iterator[str]:
        self.number, self.hash = number, said
        if self.kept.get(number, said) != said:
            yield f"Entry {number} is not the one whose hash was kept."
