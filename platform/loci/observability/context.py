"""What every log line and error report of the work at hand carries: the request's id and route, or the job's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_fields: ContextVar[dict[str, str] | None] = ContextVar("observability_fields", default=None)


@contextmanager
def bound(**fields: str) -> Iterator[None]:
    """Adds `fields` to every log line and error report inside of the block.

    A name must be in `loci.observability.logging.FIELDS` to be seen there.
    """
    token = _fields.set({**current(), **fields})
    try:
        yield
    finally:
        _fields.reset(token)


def add(**fields: str) -> None:
    """Adds `fields` to the innermost `bound` block; outside of one it does nothing."""
    if (known := _fields.get()) is not None:
        known.update(fields)


def current() -> Mapping[str, str]:
    """Returns the fields of the work at hand, empty outside of a `bound` block."""
    return _fields.get() or {}


def request_id() -> str | None:
    """Returns the id of the request at hand, None outside of one."""
    return current().get("request_id")
