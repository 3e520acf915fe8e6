"""Counting requests in windows that all processes share (reliability.md D5)."""

import math
import time
from dataclasses import dataclass
from functools import cache
from threading import Lock

from limits import RateLimitItem
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter
from redis import ConnectionPool, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from loci.net.breaker import Breaker, CircuitOpen, LocalStore
from loci.observability import metrics

REDIS_TIMEOUT_S = 0.25
LONG_S = 86_400
"""A window of at least a day begins with its first request and ends as a whole: a moving one would have to remember
every request of the day."""


@dataclass(frozen=True)
class Window:
    """What a request found: whether it was let in, and how many more would be.

    `resets_at` is when the oldest request that counts leaves the window, in seconds since the epoch; of a window of a
    day or more, when all of them do.
    """

    is_admitted: bool
    limit: int
    remaining: int
    resets_at: float

    @property
    def seconds_left(self) -> float:
        """The seconds until `resets_at`."""
        return max(0.0, self.resets_at - time.time())

    @property
    def headers(self) -> dict[str, str]:
        """Returns `X-RateLimit-Limit`, `-Remaining` and `-Reset`, as the clients read them (contract.md §1)."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(math.ceil(self.resets_at)),
        }


class _Limiters:
    """Both kinds of windows over one storage."""

    def __init__(self, storage: MemoryStorage | RedisStorage) -> None:
        self._moving = MovingWindowRateLimiter(storage)
        self._whole = FixedWindowRateLimiter(storage)

    def count(self, limit: RateLimitItem, *names: str) -> Window:
        limiter = self._whole if limit.get_expiry() >= LONG_S else self._moving
        is_admitted = limiter.hit(limit, *names)
        stats = limiter.get_window_stats(limit, *names)
        remaining = max(0, stats.remaining) if is_admitted else 0
        return Window(is_admitted, limit.amount, remaining, stats.reset_time)


class Counter:
    """Counts in the Redis at `url`, each request by one atomic script, so that a limit is exact under any load.

    While Redis does not answer, writes are counted in this process and reads are let in uncounted. A breaker asks an
    absent Redis rarely, and logs an outage once.
    """

    def __init__(self, url: str) -> None:
        # One repetition: a connection that Redis closed while it lay in the pool is no outage.
        pool = ConnectionPool.from_url(
            url,
            socket_timeout=REDIS_TIMEOUT_S,
            socket_connect_timeout=REDIS_TIMEOUT_S,
            retry=Retry(NoBackoff(), 1),
        )
        self._shared = _Limiters(RedisStorage(url, connection_pool=pool, key_prefix="rates"))
        self._own = _Limiters(MemoryStorage())
        self._own_lock = Lock()  # The library's own locks let some of the first requests through uncounted.
        self._breaker = Breaker("Redis for rates", store=LocalStore())

    def count(self, limit: RateLimitItem, *names: str, is_read: bool) -> Window | None:
        """Counts one request under `names` unless the limit is reached; None for a read that could not be counted."""
        shared = self._count_shared(limit, *names)
        if shared is None:
            metrics.RATES_UNCOUNTED.inc()
        if shared is None and not is_read:
            with self._own_lock:
                return self._own.count(limit, *names)
        return shared

    def _count_shared(self, limit: RateLimitItem, *names: str) -> Window | None:
        try:
            probe = self._breaker.admit()
        except CircuitOpen:
            return None
        try:
            window = self._shared.count(limit, *names)
        except RedisError:
            window = None
        self._breaker.record(failed=window is None, probe=probe)
        return window


@cache
def counter(url: str) -> Counter:
    """Returns this process's counter in the Redis at `url`."""
    return Counter(url)
