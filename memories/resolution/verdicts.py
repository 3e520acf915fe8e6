"""What became of each fact, and how the wire says it (design.md §2, the table of verdicts)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID


class VerdictKind(StrEnum):
    """What can become of a fact, or of a memory that a speaker asked to have forgotten."""

    STORED = "stored"
    MERGED = "merged"
    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"
    EARLIER = "earlier"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True)
class Closed:
    """A memory that another made untrue."""

    memory_id: UUID
    text: str


@dataclass(frozen=True)
class Verdict:
    """What became of one fact. `memory_id` is None for a rejected one; `previous` is the text before a merge.

    `user_id` is whose memory it is, None where it is no user's. `quarantine_id` is where a quarantined fact waits.
    `is_categorized` tells whether the memory's categories are others than before.
    """

    kind: VerdictKind
    text: str
    memory_id: UUID | None = None
    previous: str | None = None
    closed: tuple[Closed, ...] = field(default=())
    reason: str = ""
    user_id: str | None = None
    quarantine_id: UUID | None = None
    is_categorized: bool = False

    def as_json(self) -> dict[str, Any]:
        """Returns the verdict as an event keeps it: `{"verdict", "memory", "id"?, "quarantine_id"?, "reason"?}`."""
        row: dict[str, Any] = {"verdict": str(self.kind), "memory": self.text}
        if self.memory_id:
            row["id"] = str(self.memory_id)
        if self.quarantine_id:
            row["quarantine_id"] = str(self.quarantine_id)
        if self.reason:
            row["reason"] = self.reason
        return row

    def results(self) -> Iterator[dict[str, Any]]:
        """Yields the result items of the wire (contract.md §3.2); none for a fact that is not kept."""
        if self.memory_id is None:
            return
        owner = {"user_id": self.user_id}
        yield result_item(self.memory_id, _WIRE_EVENTS[self.kind], self.text, self.previous) | owner
        for old in self.closed:
            yield result_item(old.memory_id, "DELETE", old.text) | owner


_WIRE_EVENTS = {
    VerdictKind.STORED: "ADD",
    VerdictKind.MERGED: "UPDATE",
    VerdictKind.SUPERSEDED: "ADD",
    VerdictKind.DUPLICATE: "NOOP",
    VerdictKind.EARLIER: "NOOP",
    VerdictKind.FORGOTTEN: "DELETE",
}


def result_item(memory_id: UUID, event: str, text: str, previous: str | None = None) -> dict[str, Any]:
    """Returns one result item, readable by clients of all generations."""
    return {
        "id": str(memory_id),
        "event": event,
        "memory": text,
        "data": {"memory": text},
        "previous_memory": previous,
        "old_memory": previous,
    }


def results_of(verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
    """Returns the result items of all verdicts, in order."""
    return [item for verdict in verdicts for item in verdict.results()]
