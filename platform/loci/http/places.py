"""Waiting within a request: at most half of the threads of a web process may, the others go on answering."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.conf import settings

SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.1

_places = BoundedSemaphore(max(1, settings.WEB_THREADS // 2))


@contextmanager
def place_if_free() -> Iterator[bool]:
    """Holds a place among the threads that may wait, and tells whether there was one."""
    is_held = _places.acquire(blocking=False)
    try:
        yield is_held
    finally:
        if is_held:
            _places.release()


def until(seconds: float) -> Iterator[None]:
    """Yields again and again until the time is over, at least once, with growing pauses between."""
    end = time.monotonic() + seconds
    pause = SHORTEST_PAUSE_S
    yield
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, LONGEST_PAUSE_S)
        yield
