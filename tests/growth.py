"""How the time that a text takes grows with its length: a ratio within one run, whatever the machine."""

import time
from collections.abc import Callable
from functools import partial

LONG, SHORT = 40_000, 8_000
"""Characters. A linear function takes five times as long for the one as for the other, a quadratic one 25 times."""
NOTHING_S = 0.005
"""If time grows quadratically, a text of the largest size, 100,000 characters, then takes 31 ms at most."""


def grows_too_fast(read: Callable[[str], object], unit: str) -> bool:
    """Tells whether `read` takes more than twice as long as is linear for the long text that repeats `unit`."""
    seconds = partial(_seconds, read, unit)
    # Most take so little for the short text already that even quadratic growth would come to nothing.
    if seconds(SHORT) * (LONG / SHORT) ** 2 < NOTHING_S or seconds(LONG) < NOTHING_S:
        return False
    long, short = (min(seconds(length) for _attempt in range(3)) for length in (LONG, SHORT))
    return long / short > 2 * LONG / SHORT


def _seconds(read: Callable[[str], object], unit: str, length: int) -> float:
    text = (unit * length)[:length]
    started = time.process_time()
    read(text)
    return time.process_time() - started
