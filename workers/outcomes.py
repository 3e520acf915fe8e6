"""What jobs and requests did, told to whoever counts it or passes it on, inside the same commit (design.md §1)."""

from collections.abc import Callable, Collection, Sequence
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

    `memory_id` is the memory that it is about, None where it is about none; `version` is the memory's, so that
    receivers can drop what is stale.
    """

    event_type: str
    details: dict[str, Any]
    memory_id: UUID | None = None
    version: int | None = None


NoticeListener = Callable[[Sequence[Notice]], None]
Audience = Callable[[Collection[str]], bool]
_notified: list[tuple[NoticeListener, Audience]] = []


def on_notice(listener: NoticeListener, *, hears: Audience) -> None:
    """Registers a listener; apps call it in `AppConfig.ready`.

    `hears` tells whether anybody wants to know of events of one of some types, now and in this project.
    """
    _notified.append((listener, hears))


def are_heard(event_types: Collection[str]) -> bool:
    """Tells whether it is worth making notices of these types, inside the running transaction."""
    return any(hears(event_types) for _, hears in _notified)


def notify(notices: Sequence[Notice]) -> None:
    """Tells every listener, inside the running transaction: what is to be delivered is stored with its cause."""
    if notices:
        for listener, _ in _notified:
            listener(notices)


ForgottenListener = Callable[[Collection[UUID]], None]
_forgetting: list[ForgottenListener] = []


def on_forgotten(listener: ForgottenListener) -> None:
    """Registers who keeps copies of what memories say, and takes them away; apps call it in `AppConfig.ready`."""
    _forgetting.append(listener)


def forgotten(memory_ids: Collection[UUID]) -> None:
    """Tells every listener, inside the running transaction, that nothing may quote these memories any more."""
    if memory_ids:
        for listener in _forgetting:
            listener(memory_ids)
