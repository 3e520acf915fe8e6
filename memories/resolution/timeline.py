"""What a memory said when: statements become intervals, whatever the order in which they are processed (design.md §2).

The believed intervals of a memory are determined by its statements alone: each holds from the time it was said to the
time of the next. A statement that arrives late splits the interval that it falls into. So processing the same
statements in another order ends in the same intervals. Repetitions count as statements for that reason.
The promise is each memory's own: what superseded a memory is another one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from memories.models import Cause, Memory, Revision, Scoped, Trust

SCOPED = ("user_id", "agent_id", "app_id", "run_id")
SAID = (
    *("memory_id", "text", "valid_from", "event_id", "sources", "speaker", "speaker_name", "trust", "extractor"),
    *("actor_id", "key_id", "attribute_key", "attribute_value", "own_words", "judged"),
)
"""What a revision says and where that came from: all but its intervals and its scope."""


@dataclass(frozen=True)
class Statement:
    """Something said at one time, and where it came from (`event_id` is None for a change through the API).

    `key` and `value` are those of its attribute; `actor_id` and `key_id` tell who called. `own_words` are what was
    really said where it repeats what the memory says, and `judged` is `judgement.kept_of` what was said.
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
    own_words: str | None = None
    judged: dict[str, Any] | None = None


def believed(memory: Memory) -> list[Revision]:
    """Returns the intervals that are believed now, in order of time; equal times are ordered by event.

    Two statements of one event stay in the order in which they were recorded.
    """
    return sorted(Revision.objects.filter(memory=memory, recorded_to__isnull=True).order_by("id"), key=order)


def newest(memories: Collection[Memory]) -> dict[UUID, Revision]:
    """Returns the last interval of each memory that is believed now, by the memory's id."""
    revisions = Revision.objects.filter(memory_id__in=[memory.id for memory in memories], recorded_to__isnull=True)
    return {revision.memory_id: revision for revision in sorted(revisions.order_by("id"), key=order)}


def begin(memory: Memory, statement: Statement) -> None:
    """Records the first statement of a new memory."""
    _record(memory, statement, cause=Cause.ADD, valid_to=None)


def insert(memory: Memory, statement: Statement, cause: Cause) -> None:
    """Records one more statement, which holds until the next one; an interval that ended before it stays as it is."""
    following: Revision | None = None
    holding: Revision | None = None
    for revision in believed(memory):
        if order(revision) > order(statement):
            following = revision
            break
        holding = revision
    if holding is not None and _holds(holding, statement.said_at):
        close(holding, at=statement.said_at)
    _record(memory, statement, cause=cause, valid_to=following.valid_from if following else None)


def append(statements: Sequence[tuple[Revision, Statement]], cause: Cause) -> None:
    """Records the next statement of many memories at once, each after its `newest` revision."""
    now = timezone.now()
    closed = [(revision, said) for revision, said in statements if _holds(revision, said.said_at)]
    Revision.objects.filter(id__in=[revision.id for revision, _ in closed]).update(recorded_to=now)
    rows = [_shortened(revision, at=said.said_at, cause=Cause.SPLIT, now=now) for revision, said in closed]
    rows += [_row(revision, revision.memory_id, said, cause=cause, valid_to=None) for revision, said in statements]
    Revision.objects.bulk_create(rows)


def preceding(memory: Memory, statement: Statement) -> Revision | None:
    """Returns the believed revision that the statement follows; None where it is the first."""
    earlier = [revision for revision in believed(memory) if order(revision) <= order(statement)]
    return earlier[-1] if earlier else None


def close(revision: Revision, *, at: datetime, cause: Cause = Cause.SPLIT) -> None:
    """Ends a believed interval at `at`: the old row is no longer believed, and a shorter one is."""
    now = timezone.now()
    Revision.objects.filter(id=revision.id).update(recorded_to=now)
    _shortened(revision, at=at, cause=cause, now=now).save(force_insert=True)


def _holds(revision: Revision, at: datetime) -> bool:
    return revision.valid_to is None or revision.valid_to > at


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
    )


def order(said: Statement | Revision) -> tuple[datetime, int]:
    """Returns by what statements are ordered: when they were said, and by event where that is equal."""
    at = said.said_at if isinstance(said, Statement) else said.valid_from
    return at, _tie(said.event_id)


def _tie(event_id: UUID | None) -> int:
    # A change through the API is newer than an add of the same instant.
    return event_id.int if event_id else 1 << 128
