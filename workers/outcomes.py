"""What jobs and requests did, told to whoever counts it or passes it on, inside the same commit (design.md §1)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Outcome:
    """What a job or request did, for those who count or tell it. Listeners run inside the same commit.

    `source` is the job's or the request's id: with `meter` it names the unit, so a unit is counted once.
    """

    meter: str
    source: UUID
    quantity: int = 1


OutcomeListener = Callable[[Outcome], None]
_listeners: list[OutcomeListener] = []


def on_outcome(listener: OutcomeListener) -> None:
    """Registers a listener; apps call it in `AppConfig.ready`."""
    _listeners.append(listener)


def record(outcome: Outcome) -> None:
    """Tells every listener, inside the running transaction."""
    for listener in _listeners:
        listener(outcome)


@dataclass(frozen=True)
class Notice:
    """Something that subscribers of webhooks are told of (contract.md §11): `details` is its `event_details`.

    `memory_id` is the memory that it is about, None where it is about none. Of a memory that is deleted, what waits to
    be told must not quote its text any more; `version` is the memory's, so that receivers can drop what is stale.
    """

    event_type: str
    details: dict[str, Any]
    memory_id: UUID | None = None
    version: int | None = None


NoticeListener = Callable[[Sequence[Notice]], None]
_notified: list[NoticeListener] = []


def on_notice(listener: NoticeListener) -> None:
    """Registers a listener; apps call it in `AppConfig.ready`."""
    _notified.append(listener)


def notify(notices: Sequence[Notice]) -> None:
    """Tells every listener, inside the running transaction: what is to be delivered is stored with its cause."""
    if notices:
        for listener in _notified:
            listener(notices)
