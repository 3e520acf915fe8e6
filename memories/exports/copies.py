"""What is deleted leaves exports at once, as it leaves every other copy (design.md §2, Deleting).

A file loses the lines of the memories that are deleted. An object that fits a schema may repeat a memory in any words,
so the whole export goes, and so does a file that holds messages or entities when one of these entities is erased.

An export that reads while a deletion is not committed yet would copy what it deletes. So a batch of an export is read
and written in one transaction that has the project's deletions wait, and does not begin while one is under way.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable
from typing import TypeVar
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from loci.http.places import until
from loci.tenancy.context import current_project_id, tenant_tx
from memories.exports import parts
from memories.models import OPEN_STATUSES, Blob, Event, EventStatus, Export, ExportFormat, Memory
from memories.retrieval.filters import fold, named_entities
from memories.scope import SCOPED, EntityType
from workers import jobs
from workers.jobs import Claim

WITHDRAWN = "Something that the export holds was deleted. Ask for a new one."
WITH_ENTITIES = {"messages", "entities"}
"""What a file may include that goes with its entity, and not with a memory."""

PATIENCE_S, PAUSE_S = 5.0, 1.0
"""How long deletions are waited for within a step of an export, and between two."""

T = TypeVar("T")

_STILL = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"
_DELETING = "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))"


def undisturbed(claim: Claim, work: Callable[[], T]) -> T:
    """Returns `work()`, in a transaction of the claim's in which nothing is deleted.

    Deletions wait for its end, and it begins again while one is under way: who waited for the lock would be in the way
    of all deletions that come after. Raises `Fenced`, and `jobs.Unfinished` where deletions go on and on.
    """
    for _ in until(PATIENCE_S):
        with tenant_tx(claim.tenant):
            jobs.hold(claim)
            if _holds_still():
                return work()
    raise jobs.Unfinished(after_s=PAUSE_S)


def take_out(memories: Collection[Memory]) -> None:
    """Takes these memories out of the project's exports, in the commit that deletes them."""
    _announce_deletion()
    ids = sorted(memory.id for memory in memories)
    for export in _locked(_covering(memories)):
        if export.format == ExportFormat.SCHEMA:
            withdraw([export])
        else:
            _take_out_of_file(export, ids)


def take_out_entity(kind: EntityType, name: str) -> None:
    """Withdraws the exports that repeat more of an entity than its memories, in the commit that erases the entity."""
    _announce_deletion()
    about = Export.objects.filter(Q(**{f"{kind}_id": name}) | Q(**{f"{kind}_id": None}))
    withdraw([export for export in _locked(about) if _names(export, f"{kind}:{name}") or _holds_entities(export)])


def withdraw(exports: Iterable[Export], reason: str = WITHDRAWN) -> None:
    """Removes these exports; those that are still being made have failed. Inside the caller's `tenant_tx`."""
    ids = [export.id for export in exports]
    if not ids:
        return
    now = timezone.now()
    jobs.cancel(ids, reason)
    failed = Event.objects.filter(id__in=ids, status__in=OPEN_STATUSES)
    failed.update(status=EventStatus.FAILED, error=reason, completed_at=now, updated_at=now)
    Blob.objects.filter(event_id__in=ids).delete()
    Export.objects.filter(id__in=ids).delete()


def _holds_still() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_STILL, [_name()])
        return cursor.fetchone() == (True,)


def _name() -> str:
    return f"export {current_project_id()}"


def _announce_deletion() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_DELETING, [_name()])


def _locked(exports: QuerySet[Export]) -> list[Export]:
    """These, locked after the jobs that make them: whoever runs such a job locks its export last, too."""
    ids = list(exports.values_list("id", flat=True))
    if not ids:
        return []
    jobs.lock(ids)
    return list(Export.objects.filter(id__in=ids).select_for_update(of=["self"]).order_by("id"))


def _covering(memories: Collection[Memory]) -> QuerySet[Export]:
    """Those that name no entity, or only such as one of the memories has: no other filter is looked at."""
    covering: QuerySet[Export] = Export.objects.all()
    for column in SCOPED:
        names = {getattr(memory, column) for memory in memories} - {None}
        covering = covering.filter(Q(**{f"{column}__in": names}) | Q(**{f"{column}__isnull": True}))
    return covering


def _take_out_of_file(export: Export, ids: Collection[UUID]) -> None:
    removed = sum(_rewrite(export, part, gone) for part, gone in _by_part(export, ids).items())
    if removed:
        Export.objects.filter(id=export.id).update(
            count=export.count - removed, removed=export.removed + removed, size=None, sha256=""
        )


def _by_part(export: Export, ids: Collection[UUID]) -> dict[int, set[str]]:
    """The parts in which each memory would stand; they are numbered from 1."""
    found: dict[int, set[str]] = {}
    for memory_id in ids:
        place = bisect_left(export.last_ids, memory_id)
        if place < len(export.last_ids):
            found.setdefault(place + 1, set()).add(str(memory_id))
    return found


def _rewrite(export: Export, part: int, gone: set[str]) -> int:
    lines = parts.part_of(export.id, part).splitlines(keepends=True)
    kept = [line for line in lines if orjson.loads(line)["id"] not in gone]
    if len(kept) < len(lines):
        parts.write(export, part, b"".join(kept))
    return len(lines) - len(kept)


def _names(export: Export, entity: str) -> bool:
    return entity in named_entities(fold(export.asked))


def _holds_entities(export: Export) -> bool:
    return not WITH_ENTITIES.isdisjoint(export.asked.get("include", ()))
