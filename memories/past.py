"""Memories as they were: what was true at one time, and what was known at one time (docs/decisions/0003).

Of a memory, what it says and when that holds has a history. All else of it, its metadata and its expiration date too,
is as it is now.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from memories.models import Memory, MemoryState, Revision
from memories.text import NOT_JUDGED, text_hash


@dataclass(frozen=True)
class Moment:
    """A point on one axis of time, or on both.

    `as_of` asks what held then, `known_at` what Loci had recorded by then; both together ask what it then believed to
    hold at `as_of`. None is now: for `known_at` what is believed now, for `as_of` what was the last word.
    """

    as_of: datetime | None = None
    known_at: datetime | None = None


@dataclass(frozen=True)
class Interval:
    """When a text held, as was known: from `valid_from`, included, to `valid_to`, which is None for the last word."""

    valid_from: datetime
    valid_to: datetime | None


def known(moment: Moment, where: Q, *, superseded: bool) -> QuerySet[Memory]:
    """Returns the memories that `where` admits, which may ask for their `said_text` at a moment.

    Among them are those that said nothing then: `told` and `said_by` leave them out. With `superseded`, memories that
    were untrue by then say what they last said. Runs inside the caller's `tenant_tx`.

    Each memory asks for its own revision. A join is for the planner to order, and without statistics it takes one that
    reads every revision once for every memory.
    """
    said = said_by(OuterRef("id"), moment, superseded=superseded)
    states = [MemoryState.ACTIVE, MemoryState.SUPERSEDED]
    memories: QuerySet[Memory] = Memory.objects.filter(state__in=states)
    return memories.alias(said_text=_of(said, "text")).filter(where)


def told(memories: QuerySet[Memory], moment: Moment, *, superseded: bool) -> QuerySet[Any, Any]:
    """Returns those of `known` that said something, with what `as_it_was` reads."""
    said = said_by(OuterRef("id"), moment, superseded=superseded)
    columns = {"said_text": "text", "vouched_by": "trust", "valid_from": "valid_from", "valid_to": "valid_to"}
    spoke = memories.alias(said=_of(said, "id")).filter(said__isnull=False)
    return spoke.annotate(**{name: _of(said, column) for name, column in columns.items()})


def as_it_was(row: Any) -> tuple[Memory, Interval]:
    """Returns the memory of a row with `said_text`, `vouched_by`, `valid_from` and `valid_to` as it was.

    What was judged of its text of now is left out where that is another. It must not be saved.
    """
    memory: Memory = row
    text, was = row.said_text, text_hash(row.said_text)
    changes = {} if was == memory.hash else {**NOT_JUDGED, "flags": [], "trust": row.vouched_by}
    for name, value in {**changes, "text": text, "hash": was}.items():
        setattr(memory, name, value)
    return memory, Interval(row.valid_from, row.valid_to)


def said_by(memory_id: Any, moment: Moment, *, superseded: bool) -> QuerySet[Revision]:
    """Returns what a memory of an outer query said, the last word first: at most one, unless `superseded`.

    The order is that of `timeline.order`: a change through the API, which has no event, is the newer of two at the same
    time. It also leads the planner to the index `revision_said`, when it believes every index to be as good.
    """
    said = Revision.objects.filter(_recorded(moment), memory_id=memory_id)
    said = said.order_by("-valid_from", F("event_id").desc(nulls_first=True), "-id")
    if moment.as_of is not None:
        said = said.filter(valid_from__lte=moment.as_of)
    if superseded:
        return said
    if moment.as_of is None:
        # What a list showed then: it does not wait for the time at which a statement begins or ends to hold.
        return said.filter(valid_to__isnull=True)
    return said.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=moment.as_of))


def _of(said: QuerySet[Revision], column: str) -> Subquery:
    return Subquery(said.values(column)[:1])


def _recorded(moment: Moment) -> Q:
    if moment.known_at is None:
        return Q(recorded_to__isnull=True)
    return Q(recorded_from__lte=moment.known_at) & (Q(recorded_to__isnull=True) | Q(recorded_to__gt=moment.known_at))
