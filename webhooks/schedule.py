"""When a delivery that failed is tried again (reliability.md §2.6)."""

import random

from django.conf import settings

JITTER = 0.2
OVERLOADED = frozenset({429, 502, 504})
"""Statuses that ask for more time."""


def seconds_to_next(tried: int, *, status: int | None = None, retry_after: float | None = None) -> float | None:
    """Returns how long to wait after `tried` failed attempts, None where that was the last.

    It is what `WEBHOOK_SCHEDULE_S` plans, 20 % more or less. An endpoint that asks for more time, by `Retry-After` or
    by its status, gets up to twice the planned one.
    """
    schedule: list[float] = settings.WEBHOOK_SCHEDULE_S
    if tried >= len(schedule):
        return None
    planned = schedule[tried]
    asked = retry_after if retry_after is not None else 2 * planned if status in OVERLOADED else 0
    jittered = planned * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - jitter, no secret
    return max(jittered, min(asked, 2 * planned))
