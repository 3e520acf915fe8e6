"""When a service wants to be asked again."""

import email.utils
import math
from collections.abc import Mapping
from datetime import UTC, datetime

MAX_RETRY_AFTER_S = 3600.0


def retry_after(headers: Mapping[str, str], *, most: float = MAX_RETRY_AFTER_S) -> float | None:
    """Returns `Retry-After` in seconds, given as a number or as a date (RFC 9110 §10.2.3); None without a usable one.

    The names of `headers` are found in any case. It is never negative, nor more than `most`.
    """
    value = headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (email.utils.parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), most) if math.isfinite(seconds) else None
