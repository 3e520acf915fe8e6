"""What is asked of remote models is counted, and stopped where no more may be asked (reliability.md E3)."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class Meter(Protocol):
    """Counts what one job asks of remote models."""

    def count_request(self) -> None:
        """Counts a request before it is sent. Raises where the job may send no more."""
        ...

    def forget_request(self) -> None:
        """Takes the last request back: it reached nobody."""
        ...

    def reserve(self, tokens: int) -> None:
        """Sets aside the most that an answer may cost. Raises `loci.errors.NotNow` where that is not left."""
        ...

    def settle(self, reserved: int, tokens_in: int, tokens_out: int) -> None:
        """Counts what an answer cost, in place of what was set aside for it."""
        ...

    def keep(self, reserved: int) -> None:
        """Counts all that was set aside: what the answer cost is not known."""
        ...


class _Unmetered:
    """Whoever is no job spends on nobody's account."""

    def count_request(self) -> None:
        pass

    def forget_request(self) -> None:
        pass

    def reserve(self, tokens: int) -> None:
        pass

    def settle(self, reserved: int, tokens_in: int, tokens_out: int) -> None:
        pass

    def keep(self, reserved: int) -> None:
        pass


_meter: ContextVar[Meter] = ContextVar("meter", default=_Unmetered())  # noqa: B039 - it holds nothing


def meter() -> Meter:
    """Returns the meter of the running job; without one, nothing is counted."""
    return _meter.get()


@contextmanager
def metered(by: Meter) -> Iterator[None]:
    """Has all that is asked of remote models inside the block counted."""
    token = _meter.set(by)
    try:
        yield
    finally:
        _meter.reset(token)
