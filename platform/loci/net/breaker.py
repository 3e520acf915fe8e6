"""The circuit breaker in front of a remote service (reliability.md §2.10): all processes share what they learn of it.

State lives in Redis; while Redis cannot be reached, each process keeps its own.
"""

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Protocol, TypeVar, cast

import redis
from django.conf import settings
from redis.client import Pipeline

from loci.errors import NotNow

WINDOW_S = 30
MIN_CALLS = 20
MAX_FAILED_SHARE = 0.5
MAX_FAILED_IN_A_ROW = 5
OPEN_S = 15.0
PROBE_S = 35.0
"""Longer than a hosted model takes to answer: a probe that is silent for so long has died with its process."""
KEPT_S = 600

T = TypeVar("T")
logger = logging.getLogger(__name__)


class CircuitOpen(NotNow):
    """The service failed too often and is not called now."""


@dataclass
class Circuit:
    """What is known of one service. Times are seconds since the epoch."""

    failed_in_a_row: int = 0
    seconds: list[tuple[int, int, int]] = field(default_factory=list)
    """Of the last `WINDOW_S`: the second, its calls, and how many of them failed."""
    retry_at: float | None = None
    """While the circuit is open: when the next probe may go."""

    def admit(self, now: float) -> tuple[float, bool]:
        """Returns how many seconds to wait (0: go ahead), and whether this call is the probe of an open circuit."""
        if wait := self.wait(now):
            return wait, False
        is_probe = self.retry_at is not None
        if is_probe:
            self.retry_at = now + PROBE_S
        return 0.0, is_probe

    def wait(self, now: float) -> float:
        """Returns how many seconds to wait before a call may go ahead."""
        return min(max(0.0, self.retry_at - now), OPEN_S) if self.retry_at is not None else 0.0

    def record(self, now: float, *, failed: bool, probe: bool) -> bool:
        """Counts a finished call; returns whether it opened the circuit."""
        if self.retry_at is not None and not probe:
            return False  # It started before the circuit opened, and says nothing about now.
        if not failed and probe:
            self.seconds, self.retry_at = [], None
        self.failed_in_a_row = self.failed_in_a_row + 1 if failed else 0
        self._count(int(now), failed)
        if failed and (probe or self._fails_too_often()):
            self.retry_at = now + OPEN_S
            return not probe
        return False

    def _count(self, second: int, failed: bool) -> None:
        kept = [entry for entry in self.seconds if second - WINDOW_S < entry[0]]
        same = [entry for entry in kept if entry[0] == second]
        calls, failures = (same[0][1], same[0][2]) if same else (0, 0)
        self.seconds = [entry for entry in kept if entry[0] != second] + [(second, calls + 1, failures + failed)]

    def _fails_too_often(self) -> bool:
        calls = sum(calls for _, calls, _ in self.seconds)
        failures = sum(failures for _, _, failures in self.seconds)
        too_large_a_share = calls >= MIN_CALLS and failures >= calls * MAX_FAILED_SHARE
        return too_large_a_share or self.failed_in_a_row >= MAX_FAILED_IN_A_ROW


class Store(Protocol):
    """Where circuits are kept."""

    def update(self, name: str, change: Callable[[Circuit], T]) -> T:
        """Applies `change` to the circuit `name` as one atomic step, and returns what it returns."""
        ...


class LocalStore:
    """The circuits of one process."""

    def __init__(self) -> None:
        self._circuits: dict[str, Circuit] = {}
        self._lock = threading.Lock()

    def update(self, name: str, change: Callable[[Circuit], T]) -> T:
        """See `Store`."""
        with self._lock:
            return change(self._circuits.setdefault(name, Circuit()))


class RedisStore:
    """The circuits of all processes; falls back to this process's own when Redis does not answer."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5, decode_responses=True)
        self._local = LocalStore()

    def update(self, name: str, change: Callable[[Circuit], T]) -> T:
        """See `Store`. `change` may run more than once, each time on the newest state."""
        try:
            return self._update_shared(f"circuit:{name}", change)
        except redis.RedisError:
            return self._local.update(name, change)

    def _update_shared(self, key: str, change: Callable[[Circuit], T]) -> T:
        def step(pipe: Pipeline) -> T:
            stored = pipe.get(key)
            circuit = Circuit(**json.loads(stored)) if stored else Circuit()
            result = change(circuit)
            pipe.multi()
            pipe.set(key, json.dumps(asdict(circuit)), ex=KEPT_S)
            return result

        shared = self._redis.transaction(step, key, value_from_callable=True)  # type: ignore[arg-type]  # It may return.
        return cast("T", shared)


class Breaker:
    """Asks before, and is told after, each call of the service `name`."""

    def __init__(self, name: str, *, store: Store | None = None, clock: Callable[[], float] = time.time) -> None:
        self.name = name
        self._store = store or _shared_store(settings.REDIS_URL)
        self._clock = clock

    def admit(self) -> bool:
        """Returns whether the call that may go ahead now is a probe; raises `CircuitOpen` when none may."""
        wait, probe = self._store.update(self.name, lambda circuit: circuit.admit(self._clock()))
        if wait:
            raise _open(wait)
        return probe

    def check(self) -> None:
        """Raises `CircuitOpen` where no call may go ahead now, not even a probe; takes no probe."""
        wait = self._store.update(self.name, lambda circuit: circuit.wait(self._clock()))
        if wait:
            raise _open(wait)

    def record(self, *, failed: bool, probe: bool) -> None:
        """Tells how a call that was admitted ended."""
        opened = self._store.update(
            self.name, lambda circuit: circuit.record(self._clock(), failed=failed, probe=probe)
        )
        if opened:
            logger.warning("circuit opened", extra={"circuit": self.name})


def _open(wait: float) -> CircuitOpen:
    return CircuitOpen(f"The service failed too often and is not called for {wait:.0f} s", retry_after=wait)


@lru_cache(maxsize=4)
def _shared_store(url: str) -> Store:
    return RedisStore(url)
