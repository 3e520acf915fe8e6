"""Everything that came from one source is taken back, in a job whose first step the request itself takes (§2.11)."""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from loci.tenancy.context import Tenant, tenant_tx
from memories.lifecycle.quarantine import discard
from memories.lifecycle.rollback import read, take_back
from memories.lifecycle.sources import Source
from memories.models import Event, EventStatus, EventType, Memory, Revision
from memories.provenance import LOCI, Author
from memories.services import events
from memories.services.accepting import Accepted
from memories.services.files import remove_files
from memories.text import vectors_of
from workers import jobs, outcomes
from workers.jobs import Claim
from workers.outcomes import Outcome

KIND = "rollback"
QUEUE = "maintenance"

BATCH = 100
"""Memories in one commit: each is repaired by itself."""
MESSAGES = 500
STEP_S = 3.0
"""Whoever runs the job works for this long, and leaves the rest to the next step."""

REASON = "What its source said was rolled back."
DONE = "done"
AFTER = "after"
"""In an event's payload: what was done so far, and the memory up to which it was."""


def preview(tenant: Tenant, source: Source) -> dict[str, int]:
    """Returns what a rollback of the source would change now: statements, and the memories that they are part of."""
    with tenant_tx(tenant):
        statements = source.statements(timezone.now())
        rest = Revision.objects.filter(memory_id=OuterRef("id"), recorded_to__isnull=True)
        memories = Memory.objects.filter(Exists(statements.filter(memory_id=OuterRef("id"))))
        restored = memories.filter(Exists(rest.exclude(id__in=statements.values("id")))).count()
        return {
            "statements": statements.count(),
            "forgotten": memories.count() - restored,
            "restored": restored,
            "discarded": source.quarantined(timezone.now()).count(),
        }


def accept_rollback(tenant: Tenant, source: Source, *, by: Author = LOCI, run_here: bool = True) -> Accepted:
    """Stores the rollback of all that the source said until now, and stops its adds in flight.

    Without `run_here` nobody runs the job yet: the dispatcher finds it.
    """
    with tenant_tx(tenant):
        event = Event.objects.create(event_type=EventType.ROLLBACK, payload=source.as_json(), **by.columns())
        event.refresh_from_db(fields=["created_at"])
        adds = source.open_adds(event.created_at)
        jobs.cancel(adds.values("id"), REASON)
        remove_files(adds.values("id"))
        adds.update(status=EventStatus.FAILED, error=REASON)
        job = jobs.enqueue(kind=KIND, queue=QUEUE, event_id=event.id, run_here=run_here)
        return Accepted(event.id, event, job.id)


def perform_rollback(claim: Claim) -> None:
    """Takes one step of a claimed rollback. Raises `jobs.Unfinished` when more is left, and `Fenced`.

    Raises `DependencyError` when texts cannot be embedded; then nothing of the step is done.
    """
    deadline = time.monotonic() + STEP_S
    while not _take_back_batch(claim):
        if time.monotonic() > deadline:
            raise jobs.Unfinished


def _take_back_batch(claim: Claim) -> bool:
    """Takes back what up to a hundred memories have of the source, in one commit; returns whether all is done."""
    with tenant_tx(claim.tenant):
        event = Event.objects.get(id=claim.event_id)
        source, until = Source.of(event.payload), event.created_at
        memory_ids = _next(source.statements(until), event.payload.get(AFTER))
        texts = read(memory_ids, source.statements(until)).new_texts
    # What was said before is embedded again: only what a memory says now has a vector.
    vectors = dict(zip(texts, vectors_of(texts), strict=True)) if texts else {}
    with tenant_tx(claim.tenant):
        jobs.hold(claim)
        counts = take_back(read(memory_ids, source.statements(until)), vectors).as_json()
        counts["discarded"] = _discard(source, until)
        is_more = _note(event, counts, memory_ids)
        if _hide_messages(source, until) == MESSAGES or is_more:
            return False
        return _finish(claim, event)


def _next(statements: QuerySet[Revision], after: str | None) -> list[UUID]:
    """In the order of ids, so that one look at the project's statements does for all steps."""
    left = statements.filter(memory_id__gt=UUID(after)) if after else statements
    return list(left.order_by("memory_id").values_list("memory_id", flat=True).distinct()[:BATCH])


def _hide_messages(source: Source, until: datetime) -> int:
    """No extractor is shown them again. Returns how many they were; fewer than 500 were the last."""
    messages = source.messages(until)
    ids = list(messages.values_list("id", flat=True)[:MESSAGES])
    messages.model.objects.filter(id__in=ids).update(in_context=False)
    return len(ids)


def _discard(source: Source, until: datetime) -> int:
    """Discards what waits in the quarantine; returns how many facts that were."""
    waiting = list(source.quarantined(until).order_by("id").select_for_update(of=["self"])[:BATCH])
    discard(waiting)
    return len(waiting)


def _note(event: Event, counts: Mapping[str, int], memory_ids: list[UUID]) -> bool:
    """Adds what was done to the event; returns whether there is more to do.

    After the last memory one more look from the start finds what was merged meanwhile.
    """
    done: dict[str, Any] = event.payload.get(DONE, {})
    sums = {name: done.get(name, 0) + number for name, number in counts.items()}
    event.payload = {**event.payload, DONE: sums}
    was_at_the_start = event.payload.pop(AFTER, None) is None
    if memory_ids:
        event.payload[AFTER] = str(memory_ids[-1])
    Event.objects.filter(id=event.id).update(payload=event.payload)
    return bool(memory_ids) or not was_at_the_start or counts["discarded"] == BATCH


def _finish(claim: Claim, event: Event) -> bool:
    jobs.finish(claim)
    done = event.payload.pop(DONE)
    events.mark_succeeded(event.id, payload={**event.payload, **done})
    outcomes.record(Outcome(meter="delete", source=claim.job_id))
    return True
