"""The one way to a remote model: its timeouts, retries, budget and breaker (reliability.md §2.10)."""

import os
import random
import re
import time
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

import httpx2
import openai

from loci.errors import DependencyError
from loci.net.breaker import Breaker, CircuitOpen
from loci.net.endpoint import Endpoint
from loci.net.outside import assert_outside_transaction
from loci.net.retry_after import retry_after
from loci.net.spending import meter
from loci.net.tls import trusted

CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 30.0
PAUSES_S = (0.5, 2.0)
"""Before the second and the third attempt, each with jitter."""
MAX_CALLS = 4
"""The answers that one run of a job may ask of a model."""

T = TypeVar("T")
_random = random.SystemRandom()


@lru_cache(maxsize=8)
def client(base_url: str, api_key: str) -> openai.OpenAI:
    """Returns this process's client of an OpenAI-compatible endpoint. It never retries by itself: see `call`."""
    timeout = openai.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
    http = openai.DefaultHttpxClient(verify=trusted())
    return openai.OpenAI(base_url=base_url, api_key=api_key, timeout=timeout, max_retries=0, http_client=http)


os.register_at_fork(after_in_child=client.cache_clear)  # A connection must not be shared between processes.


class Budget:
    """What one job may still spend on remote models: seconds, and answers."""

    def __init__(self, seconds: float, *, calls: int = MAX_CALLS) -> None:
        self._deadline = time.monotonic() + seconds
        self.calls_left = calls

    @property
    def seconds_left(self) -> float:
        """Returns the seconds until the deadline; negative after it."""
        return self._deadline - time.monotonic()

    def take_call(self) -> None:
        """Counts one answer asked for; raises `DependencyError` when the job may ask for no more."""
        if self.calls_left <= 0:
            raise DependencyError("The job has asked the model as often as it may")
        self.calls_left -= 1

    def timeout(self, read_timeout_s: float = READ_TIMEOUT_S) -> openai.Timeout:
        """Returns the timeouts of one request; raises `DependencyError` when the time is used up."""
        left = self.seconds_left
        if left <= 0:
            raise DependencyError("The time that a job may spend on remote models is used up")
        return openai.Timeout(min(read_timeout_s, left), connect=min(CONNECT_TIMEOUT_S, left))


def call(send: Callable[[openai.Timeout], T], *, endpoint: Endpoint, budget: Budget) -> T:
    """Returns what `send(timeout)` returns, tried up to three times within the budget and under the endpoint's breaker.

    Connect errors, 408, 429 and 5xx are tried again after a short pause, or after `Retry-After`. The job's meter counts
    each request that the endpoint takes: not those answered 429 or 503. Raises what the meter raises, `CircuitOpen`,
    `BadRequest` for a request that the endpoint understood and refused, `Unanswered`, and `DependencyError` for every
    other failure.
    """
    assert_outside_transaction()
    read_timeout_s = budget.seconds_left if endpoint.preset.local else READ_TIMEOUT_S
    pauses = iter(PAUSES_S)
    last: _AttemptFailed | None = None
    while True:
        try:
            return _attempt(send, budget.timeout(read_timeout_s), endpoint.breaker)
        except CircuitOpen:
            if last is None:
                raise
            # It was this call that opened it, or its probe that failed: to the job, that is a failed attempt.
            raise last.told_of(endpoint) from None
        except _AttemptFailed as failed:
            failed.was_begun |= last is not None and last.was_begun
            last = failed
            wait = failed.wait(next(pauses, None))
            if wait is None or wait >= budget.seconds_left:
                raise failed.told_of(endpoint) from None
            time.sleep(wait)


class BadRequest(DependencyError):
    """The endpoint refused the request itself (400, 422). `reason` is its own text: never store or log it."""

    def __init__(self, detail: str, reason: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Unanswered(DependencyError):
    """The endpoint took the request, and its answer did not come as a whole: it may have cost something."""


class _AttemptFailed(Exception):
    """`was_taken` tells whether the endpoint may have taken the request, `was_begun` whether it may work on it."""

    def __init__(
        self,
        detail: str,
        *,
        again: bool,
        retry_after: float | None = None,
        was_taken: bool = True,
        was_begun: bool = False,
    ) -> None:
        super().__init__(detail)
        self.again = again
        self.retry_after = retry_after
        self.was_taken = was_taken
        self.was_begun = was_begun

    def told_of(self, endpoint: Endpoint) -> DependencyError:
        """What the caller is told."""
        kind = Unanswered if self.was_begun else DependencyError
        return kind(f"The {endpoint.provider} endpoint {self}", retry_after=self.retry_after)

    def wait(self, pause: float | None) -> float | None:
        """The seconds before the next attempt, for which `pause` is planned; None when there is none."""
        if pause is None or not self.again:
            return None
        return self.retry_after if self.retry_after is not None else pause * _random.uniform(0.5, 1)


def _attempt(send: Callable[[openai.Timeout], T], timeout: openai.Timeout, breaker: Breaker) -> T:
    # All is raised `from None`: the endpoint's own text may quote the conversation, and tracebacks are reported.
    probe = _admitted(breaker)
    try:
        result = send(timeout)
    except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
        breaker.record(failed=False, probe=probe)
        raise BadRequest(f"The endpoint refused the request ({_code(error)})", error.message) from None
    except (openai.APIError, httpx2.HTTPError) as error:
        breaker.record(failed=True, probe=probe)
        failed = _judged(error)
        if not failed.was_taken:
            meter().forget_request()
        raise failed from None
    except DependencyError:
        breaker.record(failed=True, probe=probe)
        raise
    breaker.record(failed=False, probe=probe)
    return result


def _admitted(breaker: Breaker) -> bool:
    """Counts the request, and returns whether it is a probe."""
    meter().count_request()
    try:
        return breaker.admit()
    except CircuitOpen:
        meter().forget_request()
        raise


def _judged(error: openai.APIError | httpx2.HTTPError) -> _AttemptFailed:
    if isinstance(error, openai.APIStatusError):
        return _AttemptFailed(
            f"answered {_code(error)}",
            again=error.status_code in {408, 429} or error.status_code >= 500,
            retry_after=retry_after(error.response.headers),
            was_taken=error.status_code not in {429, 503},
        )
    cause = error.__cause__ or error
    if isinstance(cause, (httpx2.ConnectError, httpx2.ConnectTimeout)):
        return _AttemptFailed("cannot be reached", again=True, was_taken=False)
    if isinstance(cause, httpx2.TimeoutException):
        return _AttemptFailed("did not answer in time", again=False, was_begun=True)
    return _AttemptFailed("broke the connection", again=True, was_begun=True)


def _code(error: openai.APIStatusError) -> str:
    """The status, and the endpoint's machine-readable code, which unlike its message cannot quote the conversation."""
    code = error.code if error.code and re.fullmatch(r"[a-z_]{1,64}", error.code) else ""
    return f"{error.status_code} {code}".strip()
