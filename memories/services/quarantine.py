"""Somebody decides about facts in quarantine: they are resolved like any other, or are gone."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np

from loci.errors import DomainError, NotFound
from loci.tenancy.context import Tenant, tenant_tx
from memories.lifecycle.quarantine import discard, mark_released, tell, undecided
from memories.models import Memory, MemoryState, Quarantined
from memories.notices import tell_verdicts
from memories.resolution.quarantine import Waiting, waiting_of
from memories.resolution.resolver import NewMemory, Resolver, hold
from memories.resolution.verdicts import Verdict, results_of
from memories.scope import Scope
from memories.text import vectors_of
from workers import jobs

NOT_THERE = "There is no such fact in the quarantine."
BUSY = "An add about the same entity is at work. Try again in a moment."


@dataclass(frozen=True)
class Prepared:
    """A quarantined fact with the embedding of its text, shape (1, dimensions)."""

    quarantine_id: UUID
    vectors: Any


def prepare_release(tenant: Tenant, quarantine_id: UUID) -> Prepared:
    """Embeds a quarantined fact; never call it inside a transaction. Raises `NotFound` for one that does not wait."""
    with tenant_tx(tenant):
        text = _row(quarantine_id).fact["text"]
    return Prepared(quarantine_id, vectors_of([text]))


def release(tenant: Tenant, prepared: Prepared) -> Verdict:
    """Resolves the fact as its add would have, with that add's time and provenance, and returns what became of it.

    Its event says so, too. What the extractor said of a memory that has changed since counts no more. Raises `NotFound`
    for a fact that does not wait, and `DomainError` (409) while an add of the same lane is being done.
    """
    with tenant_tx(tenant):
        row = _row(prepared.quarantine_id)
        scope = Scope(row.user_id, row.agent_id, row.app_id, row.run_id)
        try:
            with jobs.lane_taken(scope.lane):
                hold(scope)
                verdict = _resolve(row, scope, waiting_of(row.fact), np.asarray(prepared.vectors))
        except jobs.LaneBusy as error:
            raise DomainError(BUSY, status=409) from error
        mark_released(row)
        tell(row.event_id, {str(row.id): verdict.as_json()}, results_of([verdict]))
        tell_verdicts([verdict], row.event_id)
        return verdict


def discard_one(tenant: Tenant, quarantine_id: UUID) -> None:
    """Discards a fact that waits; raises `NotFound` for one that does not."""
    with tenant_tx(tenant):
        discard([_row(quarantine_id)])


def _row(quarantine_id: UUID) -> Quarantined:
    row = undecided().filter(id=quarantine_id).select_for_update(of=["self"]).first()
    if row is None:
        raise NotFound(NOT_THERE)
    return row


def _resolve(row: Quarantined, scope: Scope, waiting: Waiting, vectors: Any) -> Verdict:
    fact, known = waiting.fact, waiting.known
    candidates = {0: known} if known is not None and _is_unchanged(known.memory_id, known.version) else {}
    names = {fact.sources[-1]: waiting.speaker_name} if fact.sources else {}
    resolver = Resolver(scope, row.event, waiting.extractor, NewMemory.of(row.event.payload), candidates, names)
    (verdict,) = resolver.resolve([fact], vectors)
    return verdict


def _is_unchanged(memory_id: UUID, version: int) -> bool:
    found = Memory.objects.filter(id=memory_id, version=version, state=MemoryState.ACTIVE)
    return found.select_for_update(of=["self"]).exists()
