"""What subscribers of webhooks are told of memories (contract.md §11), inside the commit that changes them."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from uuid import UUID

from memories.models import Memory, MemoryState
from memories.resolution.verdicts import Verdict, VerdictKind
from memories.scope import SCOPED
from workers import outcomes
from workers.outcomes import Notice

CATEGORIZED = "memory_categorize"
JOB_FAILED = "job_failed"


class Happened(IntEnum):
    """What became of a memory; of two things in one commit, the greater one is told."""

    UPDATE = 1
    ADD = 2
    DELETE = 3

    @property
    def event_type(self) -> str:
        """Returns what subscribers call it."""
        return f"memory_{self.name.lower()}"


@dataclass(frozen=True)
class Change:
    """What one commit did to a memory; `is_categorized` tells whether its categories are others now."""

    memory_id: UUID
    happened: Happened
    is_categorized: bool = False

    def joined(self, other: "Change | None") -> "Change":
        """Returns what both together are."""
        if other is None:
            return self
        happened, is_categorized = max(self.happened, other.happened), self.is_categorized or other.is_categorized
        return Change(self.memory_id, happened, is_categorized)


def tell_verdicts(verdicts: Iterable[Verdict], event_id: UUID) -> None:
    """Tells what became of memories by the facts of an event, as `tell` does."""
    tell([change for verdict in verdicts for change in _changes(verdict)], event_id=event_id)


def tell(changes: Iterable[Change], *, event_id: UUID | None = None) -> None:
    """Tells of these changes, once they are made, what the memories say now; of one deleted, only that it is.

    A memory that is not active counts as deleted: of other changes to it nobody is told. Where nobody subscribes, that
    is found out by one query and nothing else.
    """
    by_id: dict[UUID, Change] = {}
    for change in changes:
        by_id[change.memory_id] = change.joined(by_id.get(change.memory_id))
    if not by_id or not outcomes.are_heard(_event_types(by_id.values())):
        return
    columns = ["text", "categories", "state", "version", "created_at", "updated_at", *SCOPED]
    memories = Memory.objects.only("id", "project_id", *columns).in_bulk(by_id)
    about = {"event_id": str(event_id)} if event_id else {}
    told = [(change, memories[memory_id]) for memory_id, change in by_id.items() if memory_id in memories]
    outcomes.notify([notice for change, memory in told for notice in _notices(change, memory, about)])


def tell_failed_job(kind: str, event_id: UUID | None, reason: str) -> None:
    """Tells that the work of an event was given up; `reason` quotes nothing that was said."""
    details = {"event": "JOB_FAILED", "event_id": str(event_id), "job": kind, "error": reason}
    outcomes.notify([Notice(JOB_FAILED, details)])


def _changes(verdict: Verdict) -> Iterator[Change]:
    """Whatever forgets memories tells of it itself."""
    if verdict.memory_id is None or verdict.kind not in _HAPPENED:
        return
    yield Change(verdict.memory_id, _HAPPENED[verdict.kind], verdict.is_categorized)
    for old in verdict.closed:
        yield Change(old.memory_id, Happened.DELETE)


_HAPPENED = {
    VerdictKind.STORED: Happened.ADD,
    VerdictKind.SUPERSEDED: Happened.ADD,
    VerdictKind.MERGED: Happened.UPDATE,
}


def _event_types(changes: Collection[Change]) -> set[str]:
    categorized = {CATEGORIZED} if any(change.is_categorized for change in changes) else set()
    return {change.happened.event_type for change in changes} | categorized


def _notices(change: Change, memory: Memory, about: dict[str, str]) -> Iterator[Notice]:
    memory_id = str(memory.id)
    seq: dict[str, Any] = {"seq": memory.version, **about}
    if change.happened == Happened.DELETE:
        gone = {"id": memory_id, "data": {"memory": None}, "event": "DELETE", **seq}
        yield _notice(change.happened.event_type, gone, memory)
    elif memory.state == MemoryState.ACTIVE:
        beside = {**seq, **_whose(memory)}
        said = {"id": memory_id, "data": {"memory": memory.text}, "event": change.happened.name}
        yield _notice(change.happened.event_type, said | beside, memory)
        if change.is_categorized:
            sorted_into = {"event": "CATEGORIZE", "memory_id": memory_id, "categories": memory.categories or []}
            yield _notice(CATEGORIZED, sorted_into | beside, memory)


def _notice(event_type: str, details: dict[str, Any], memory: Memory) -> Notice:
    return Notice(event_type, details, memory.id, memory.version)


def _whose(memory: Memory) -> dict[str, Any]:
    times = {name: getattr(memory, name).isoformat(timespec="microseconds") for name in ("created_at", "updated_at")}
    return {name: getattr(memory, name) for name in SCOPED} | times
