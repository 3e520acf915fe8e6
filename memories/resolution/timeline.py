"""What a memory said when: statements become intervals, whatever the order in which they are processed (design.md §2).

The believed intervals of a memory are determined by its statements alone: each holds from the time it was said to the
time of the next. A statement that arrives late splits the interval that it falls into. So processing the same
statements in another order ends in the same intervals. Repetitions count as statements for that reason.
The promise is each memory's own: what superseded a memory is another one.

What was believed when can be asked too: at no time two intervals of a memory that hold at once are believed, and what
one event records, it records at one time.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, Subquery
from django.utils import timezone

from memories.models import Cause, Memory, Revision, Scoped, Trust
from memories.scope import SCOPED
from memories.text import FOUND_BY

SAID = (
    *("memory_id", "text", "valid_from", "event_id", "sources", "speaker", "speaker_name", "trust", "extractor"),
    *("actor_id", "key_id", "attribute_key", "attribute_value", "own_words", "judged"),
    *FOUND_BY,
)
"""What a revision says and where that came from: all but its intervals and its scope."""


@dataclass(frozen=True)
class Statement:
    """Something said at one time, and where it came from (`event_id` is None for a change through the API).

    `key` and `value` are those of its attribute; `actor_id` and `key_id` tell who called. It is believed since
    `recorded_at`. `found_by` is `memories.text.found_by` of a text that the memory does not say now. `own_words` are
    what was really said where it repeats what the memory says, and `judged` is `judgement.kept_of` what was said.
    """

    text: str
    said_at: datetime
    event_id: UUID | None = None
    key: str = ""
    value: str = ""
    sources: tuple[int, ...] = ()
    speaker: str = ""
    speaker_name: str = ""
    trust: Trust = Trust.USER
    extractor: str = ""
    actor_id: UUID | None = None
    key_id: UUID | None = None
    recorded_at: datetime = field(default_factory=timezone.now)
    found_by: Mapping[str, Any] = field(default_factory=dict)
    own_words: str | None = None
    judged: dict[str, Any] | None = None


def believed(memory: Memory) -> list[Revision]:
    """Returns the intervals that are believed now, in order of time; equal times are ordered by event.

    Two statements of one event stay in the order in which they were recorded.
    """
    return believed_of([memory]).get(memory.id, [])


def believed_of(memories: Collection[Memory]) -> dict[UUID, list[Revision]]:
    """Returns what `believed` does of each of many memories, by its id."""
    revisions = Revision.objects.filter(memory_id__in=[memory.id for memory in memories], recorded_to__isnull=True)
    found: dict[UUID, list[Revision]] = {}
    for revision in sorted(revisions.order_by("valid_from", "id"), key=order):
        found.setdefault(revision.memory_id, []).append(revision)
    return found


def found_by(revision: Revision) -> dict[str, Any]:
    """Returns by what the revision's text is found: nothing where its memory says the same now, and has it itself."""
    return {name: getattr(revision, name) for name in FOUND_BY}


def keep_findable(memories: Collection[Memory]) -> None:
    """Lets searches of the past find what these memories say now, before they say something else.

    Read what is `believed` afterwards: the rows that say it have changed.
    """
    now = Memory.objects.filter(id=OuterRef("memory_id"))
    saying_it = Revision.objects.filter(memory_id__in=[memory.id for memory in memories], text=F("memory__text"))
    saying_it.update(**{name: Subquery(now.values(name)[:1]) for name in FOUND_BY})


def begin(memory: Memory, statement: Statement) -> None:
    """Records the first statement of a new memory."""
    _record(memory, statement, cause=Cause.ADD, valid_to=None)


def insert(memory: Memory, statement: Statement, cause: Cause) -> None:
    """Records one more statement, which holds until the next one; an interval that ended before it stays as it is."""
    rows = believed(memory)
    statement = replace(statement, recorded_at=_after(rows, statement.recorded_at))
    at = _position(rows, statement)
    if at and _holds(rows[at - 1], statement.said_at):
        _close(rows[at - 1], at=statement.said_at, cause=Cause.SPLIT, now=statement.recorded_at)
    _record(memory, statement, cause=cause, valid_to=rows[at].valid_from if at < len(rows) else None)


def append(statements: Sequence[tuple[Sequence[Revision], Statement]], cause: Cause) -> None:
    """Records the next statement of many memories at once, each with all that is `believed` of it, which it follows.

    What a memory says that was made untrue holds no longer than that, which usually is at no time.
    """
    now = _after([row for rows, _ in statements for row in rows], timezone.now())
    holding = [(rows[-1], said) for rows, said in statements if _holds(rows[-1], said.said_at)]
    Revision.objects.filter(id__in=[revision.id for revision, _ in holding]).update(recorded_to=now)
    new = [_shortened(revision, at=said.said_at, cause=Cause.SPLIT, now=now) for revision, said in holding]
    for rows, said in statements:
        untrue_since = rows[-1].valid_to
        ends = untrue_since and max(untrue_since, said.said_at)
        new.append(_row(rows[-1], rows[-1].memory_id, replace(said, recorded_at=now), cause=cause, valid_to=ends))
    Revision.objects.bulk_create(new)


def preceding(memory: Memory, statement: Statement) -> Revision | None:
    """Returns the believed revision that the statement follows; None where it is the first."""
    earlier = [revision for revision in believed(memory) if order(revision) <= order(statement)]
    return earlier[-1] if earlier else None


def end(memory: Memory, *, at: datetime, recorded_at: datetime) -> None:
    """Ends what a memory says at `at`, since when it is untrue."""
    rows = believed(memory)
    _close(rows[-1], at=at, cause=Cause.DELETE, now=_after(rows, recorded_at))


def _after(rows: Sequence[Revision], recorded_at: datetime) -> datetime:
    """The clocks of two servers differ: what is recorded later never counts as known before what it changes."""
    return max([recorded_at, *(row.recorded_from for row in rows)])


def _close(revision: Revision, *, at: datetime, cause: Cause, now: datetime) -> None:
    """Ends a believed interval at `at`: the old row is no longer believed, and a shorter one is."""
    Revision.objects.filter(id=revision.id).update(recorded_to=now)
    _shortened(revision, at=at, cause=cause, now=now).save(force_insert=True)


def learned(
    memory: Memory, said: Sequence[tuple[Cause, Statement]], *, closed_at: datetime | None = None
) -> list[Revision]:
    """Returns the rows, not saved yet, of a new memory whose whole past becomes known at once.

    They are what `begin`, then `insert` for each further statement, and then `end` with `closed_at` would leave.
    """
    now = timezone.now()
    rows: list[Revision] = []
    held: list[Revision] = []
    for cause, statement in said:
        at = _position(held, statement)
        if at and _holds(held[at - 1], statement.said_at):
            held[at - 1].recorded_to = now
            held[at - 1] = _shortened(held[at - 1], at=statement.said_at, cause=Cause.SPLIT, now=now)
            rows.append(held[at - 1])
        until = held[at].valid_from if at < len(held) else None
        held.insert(at, _row(memory, memory.id, statement, cause=cause, valid_to=until))
        rows.append(held[at])
    if closed_at is not None:
        held[-1].recorded_to = now
        rows.append(_shortened(held[-1], at=closed_at, cause=Cause.DELETE, now=now))
    for row in rows:
        row.recorded_from = now
    return rows


def _position(held: Sequence[Revision], statement: Statement) -> int:
    """How many of the believed revisions, in their order, the statement follows."""
    return bisect_right(held, order(statement), key=order)


def _holds(revision: Revision, at: datetime) -> bool:
    return revision.valid_to is None or revision.valid_to > at


def hold_until(newest: Revision, until: datetime | None) -> None:
    """Lets a believed statement hold until another time than it did; None is for good."""
    now = timezone.now()
    Revision.objects.filter(id=newest.id).update(recorded_to=now)
    newest.valid_to = until
    cause = Cause.UPDATE if until is None else Cause.SPLIT
    recorded_again(newest, cause=cause, now=now).save(force_insert=True)


def recorded_again(revision: Revision, *, cause: Cause, now: datetime) -> Revision:
    """Returns a new row of the same statement with the same interval, not stored yet."""
    return _shortened(revision, at=revision.valid_to, cause=cause, now=now)


def _shortened(revision: Revision, *, at: datetime | None, cause: Cause, now: datetime) -> Revision:
    copied = {name: getattr(revision, name) for name in [*SAID, *SCOPED]}
    return Revision(**copied, valid_to=at, recorded_from=now, cause=cause)


def _record(memory: Memory, statement: Statement, *, cause: Cause, valid_to: datetime | None) -> None:
    _row(memory, memory.id, statement, cause=cause, valid_to=valid_to).save(force_insert=True)


def _row(scoped: Scoped, memory_id: UUID, statement: Statement, *, cause: Cause, valid_to: datetime | None) -> Revision:
    return Revision(
        memory_id=memory_id,
        **{name: getattr(scoped, name) for name in SCOPED},
        text=statement.text,
        valid_from=statement.said_at,
        valid_to=valid_to,
        recorded_from=statement.recorded_at,
        cause=cause,
        event_id=statement.event_id,
        sources=list(statement.sources),
        speaker=statement.speaker,
        speaker_name=statement.speaker_name,
        trust=statement.trust,
        extractor=statement.extractor,
        actor_id=statement.actor_id,
        key_id=statement.key_id,
        attribute_key=statement.key,
        attribute_value=statement.value,
        own_words=statement.own_words,
        judged=statement.judged,
        **statement.found_by,
    )


def order(said: Statement | Revision) -> tuple[datetime, int]:
    """Returns by what statements are ordered: when they were said, and by event where that is equal."""
    at = said.said_at if isinstance(said, Statement) else said.valid_from
    return at, _tie(said.event_id)


def _tie(event_id: UUID | None) -> int:
    # A change through the API is newer than an add of the same instant.
    return event_id.int if event_id else 1 << 128
