"""What jobs and requests did, told to whoever counts it or passes it on, inside the same commit (design.md §1)."""

from collections.abc import Callable
from dataclasses import dataclass
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
