"""A source of statements: one add, one key, one person, one speaker, a time, or several of these together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.db.models import Q, QuerySet

from memories.models import OPEN_STATUSES, Event, EventType, MemoryState, Message, Quarantined, Revision


@dataclass(frozen=True)
class Source:
    """What was asked under this event, with this key, by this person, in the words of this speaker, from `start` to
    `end`: all that are given, together. The time is that of the request, not the one that its messages bear.
    """

    event_id: UUID | None = None
    key_id: UUID | None = None
    actor_id: UUID | None = None
    speaker: str | None = None
    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        """Raises `ValueError` where nothing is given: that would be everything."""
        if not self.as_json():
            raise ValueError("A source needs at least one of its names.")

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Self:
        """Returns the source that `as_json` wrote."""
        ids: dict[str, Any] = {
            name: UUID(payload[name]) for name in ("event_id", "key_id", "actor_id") if name in payload
        }
        times: dict[str, Any] = {
            name: datetime.fromisoformat(payload[name]) for name in ("start", "end") if name in payload
        }
        return cls(**ids, **times, speaker=payload.get("speaker"))

    def as_json(self) -> dict[str, str]:
        """Returns what is given, for the payload of an event."""
        given = {name: value for name, value in vars(self).items() if value is not None}
        return {name: value.isoformat() if isinstance(value, datetime) else str(value) for name, value in given.items()}

    def noted(self) -> dict[str, str]:
        """Returns the same for the audit log, which holds no names of people."""
        return self.as_json() | ({"speaker": "given"} if self.speaker is not None else {})

    def statements(self, until: datetime) -> QuerySet[Revision]:
        """Returns the believed statements of the source, asked for until then, of memories that are there."""
        found = Q()
        for condition in (*self._named(event="event_id"), *self._timed(until)):
            found &= condition
        if self.speaker is not None:
            found &= Q(speaker_name=self.speaker)
        statements: QuerySet[Revision] = Revision.objects.filter(found, recorded_to__isnull=True)
        return statements.exclude(memory__state=MemoryState.DELETED)

    def messages(self, until: datetime) -> QuerySet[Message]:
        """Returns the messages of the source that an extractor may still be shown."""
        found = self._of_events("event__", until) & (Q() if self.speaker is None else Q(name=self.speaker))
        messages: QuerySet[Message] = Message.objects.filter(found, in_context=True)
        return messages

    def quarantined(self, until: datetime) -> QuerySet[Quarantined]:
        """Returns the facts of the source that wait for a decision."""
        spoken = Q() if self.speaker is None else Q(fact__speaker_name=self.speaker)
        facts: QuerySet[Quarantined] = Quarantined.objects.filter(
            self._of_events("event__", until) & spoken, decision=""
        )
        return facts

    def open_adds(self, until: datetime) -> QuerySet[Event]:
        """Returns the adds that are yet to be done; none where only a speaker's part of each is meant."""
        found = self._of_events("", until)
        adds: QuerySet[Event] = Event.objects.filter(found, event_type=EventType.ADD, status__in=OPEN_STATUSES)
        return adds if self.speaker is None else adds.none()

    def _of_events(self, prefix: str, until: datetime) -> Q:
        found = Q(**{f"{prefix}created_at__lte": until})
        for condition in self._named(prefix=prefix, event=f"{prefix}id"):
            found &= condition
        times = {"created_at__gte": self.start, "created_at__lte": self.end}
        return found & Q(**{f"{prefix}{name}": at for name, at in times.items() if at is not None})

    def _named(self, *, event: str, prefix: str = "") -> Iterator[Q]:
        ids = {event: self.event_id, f"{prefix}key_id": self.key_id, f"{prefix}actor_id": self.actor_id}
        yield from (Q(**{name: value}) for name, value in ids.items() if value is not None)

    def _timed(self, until: datetime) -> Iterator[Q]:
        """What was changed through the API has no event, and bears the time at which that was asked."""
        ends = [at for at in (until, self.end) if at is not None]
        yield from map(_until, ends)
        if self.start is not None:
            yield _since(self.start)


def _since(at: datetime) -> Q:
    return Q(event__created_at__gte=at) | Q(event__isnull=True, valid_from__gte=at)


def _until(at: datetime) -> Q:
    # A change of what was dated into the future bears that time.
    by_itself = Q(valid_from__lte=at) | Q(recorded_from__lte=at)
    return Q(event__created_at__lte=at) | (Q(event__isnull=True) & by_itself)
