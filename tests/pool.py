"""The pool of connections of this process: what a test may ask of it, and how it is left to the next one."""

import time
from typing import Any

from django.db import connections


def lent() -> int:
    """Returns how many connections of the app's role are checked out, or are still being made."""
    stats = _pool().get_stats()
    available: int = stats.get("pool_available", 0)
    return int(stats["pool_size"]) - available


def lends(count: int) -> bool:
    """Tells whether the pool lends so many connections; it may need a moment to open or take back one."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if lent() == count:
            return True
        time.sleep(0.01)
    return False


def take_back() -> None:
    """Ends what a test borrowed; a thread of it that is over cannot return its connection any more.

    Django closes them at the end of a request, but not of one that a test's client makes.
    """
    connections["default"].close()
    if lent():
        connections["default"].close_pool()  # type: ignore[attr-defined]  # every alias is Postgres, which has a pool


def _pool() -> Any:
    return connections["default"].pool  # type: ignore[attr-defined]  # as above
