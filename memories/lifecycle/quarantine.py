"""The end of facts in quarantine, however it comes. Everything runs inside the caller's `tenant_tx`."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from loci.http.idempotency import erase_answers
from memories.models import Decision, Event, Quarantined

DISCARDED = {"reason": "It was discarded."}


def undecided() -> QuerySet[Quarantined]:
    """Returns the facts that wait, the newest first."""
    waiting: QuerySet[Quarantined] = Quarantined.objects.filter(decision="").order_by("-created_at", "-id")
    return waiting


def discard(rows: Collection[Quarantined]) -> None:
    """Empties these facts and what their events say of them; that there were some stays."""
    _decide([row.id for row in rows], Decision.DISCARDED)
    for event_id in sorted({row.event_id for row in rows}):
        gone = {str(row.id): DISCARDED for row in rows if row.event_id == event_id}
        tell(event_id, gone)
    erase_answers({row.event_id for row in rows})


def mark_released(row: Quarantined) -> None:
    """Notes that a memory says it now."""
    _decide([row.id], Decision.RELEASED)


def tell(event_id: UUID, became: Mapping[str, Mapping[str, Any]], results: Collection[Any] = ()) -> None:
    """Lets an event say what became of its quarantined facts, by their ids, and adds `results` to its own.

    What it says anew is kept as long as what an event says at its end.
    """
    event = Event.objects.select_for_update(of=["self"]).get(id=event_id)
    event.verdicts = [_told(item, became) for item in event.verdicts]
    event.results = [*event.results, *results]
    event.updated_at, event.trimmed_at = timezone.now(), None
    event.save(update_fields=["verdicts", "results", "updated_at", "trimmed_at"])


def _told(item: dict[str, Any], became: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    new = became.get(item.get("quarantine_id", ""))
    if new is None:
        return item
    return {"verdict": item["verdict"], "quarantine_id": item["quarantine_id"], **new}


def _decide(ids: Collection[UUID], decision: Decision) -> None:
    Quarantined.objects.filter(id__in=ids).update(fact={}, decision=decision, decided_at=timezone.now())
