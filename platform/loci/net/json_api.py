"""JSON over HTTP from a service that an operator names: its host is trusted as a model's is, its answers are not."""

import math
import random
import time
import weakref
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import httpx2
import orjson

from loci.errors import DependencyError
from loci.net.retry_after import retry_after
from loci.net.tls import trusted

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 60.0
PAUSES_S = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
"""Before the second and each further attempt, with jitter, where the service itself does not say when."""
LONGEST_WAIT_S = 600.0
MAX_ANSWER_BYTES = 64 * 1024**2

_random = random.SystemRandom()


class Refused(DependencyError):
    """The service understood the request and refused it; asked again, it would do so again."""

    def __init__(self, detail: str, status: int) -> None:
        super().__init__(detail)
        self.status = status


class JsonApi:
    """A service at `base_url`, called with `authorization`; from any number of threads.

    Its connections end with its block, or when it is forgotten.

    What fails to connect or to answer in time, 408, 429 and 5xx are tried again, up to seven times in all, after
    `Retry-After` or a growing pause; a service that never answered anything is not waited for. Redirects are not
    followed: the key is for this host. Answers have at most 64 MiB, or `most_bytes`.
    No error quotes an answer, an address beyond its path, or the key.
    """

    def __init__(
        self,
        base_url: str,
        authorization: str,
        *,
        pauses_s: Sequence[float] = PAUSES_S,
        most_bytes: int | None = None,
    ) -> None:
        headers = {"Accept": "application/json", "User-Agent": "Loci"}
        if authorization:
            headers["Authorization"] = authorization
        try:
            self._client = httpx2.Client(base_url=base_url, headers=headers, verify=trusted())
        except httpx2.InvalidURL:
            raise DependencyError(f"{base_url} is not an address.") from None
        weakref.finalize(self, self._client.close)
        self._pauses_s = pauses_s
        self._most_bytes = most_bytes
        self._has_answered = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, **query: int) -> Any:
        """Returns the decoded answer to a GET; raises `Refused` for what is none, and `DependencyError` otherwise."""
        return self._ask("GET", path, query, None, _Patience(math.inf))

    def post(self, path: str, body: Any, *, within_s: float = math.inf, **query: int) -> Any:
        """Returns the decoded answer to a POST that only reads, since it may be sent again; raises as `get`.

        After `within_s` seconds, further attempts included, it is given up.
        """
        return self._ask("POST", path, query, body, _Patience(within_s))

    def _ask(self, method: str, path: str, query: dict[str, int], body: Any, patience: "_Patience") -> Any:
        pauses = iter(self._pauses_s)
        while True:
            try:
                return self._attempt(method, path, query, body, patience)
            except _AttemptFailed as failed:
                pause = next(pauses, None) if self._has_answered else None
                wait = pause and (pause * _random.uniform(0.5, 1) if failed.wait_s is None else failed.wait_s)
                if wait is None or wait > min(LONGEST_WAIT_S, patience.seconds_left):
                    raise DependencyError(f"The service {failed}.", retry_after=failed.wait_s) from None
                time.sleep(wait)

    def _attempt(self, method: str, path: str, query: dict[str, int], body: Any, patience: "_Patience") -> Any:
        timeout = patience.timeout()
        try:
            with self._client.stream(method, path, params=query or None, json=body, timeout=timeout) as response:
                self._has_answered = True
                _raise_for(response)
                return _decoded(response, self._most_bytes or MAX_ANSWER_BYTES, patience)
        except httpx2.TimeoutException:
            raise _AttemptFailed("did not answer in time") from None
        except (httpx2.TransportError, httpx2.DecodingError):
            raise _AttemptFailed("cannot be reached") from None


class _Patience:
    """The seconds that a call may still take."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    @property
    def seconds_left(self) -> float:
        return self._ends - time.monotonic()

    def timeout(self) -> httpx2.Timeout:
        """Of one attempt; raises `_AttemptFailed` where no time is left for any."""
        left = self.seconds_left
        if left <= 0:
            raise _AttemptFailed("did not answer in time")
        return httpx2.Timeout(min(READ_TIMEOUT_S, left), connect=min(CONNECT_TIMEOUT_S, left))


class _AttemptFailed(Exception):
    def __init__(self, detail: str, wait_s: float | None = None) -> None:
        super().__init__(detail)
        self.wait_s = wait_s


def _raise_for(response: httpx2.Response) -> None:
    status = response.status_code
    if status in {408, 429} or status >= 500:
        raise _AttemptFailed(f"answered {status}", retry_after(response.headers))
    if response.is_redirect:
        raise Refused("The service is at another address, to which it redirects: name that one.", status)
    if not response.is_success:
        raise Refused(f"The service answered {status} to {response.request.url.path}.", status)


def _decoded(response: httpx2.Response, most_bytes: int, patience: _Patience) -> Any:
    body = bytearray()
    for part in response.iter_bytes():
        body += part
        if len(body) > most_bytes:
            raise DependencyError("The service's answer is too large.")
        if patience.seconds_left <= 0:
            # It drips: no single read took too long.
            raise DependencyError("The service did not answer in time.")
    try:
        return orjson.loads(body)
    except ValueError:
        raise DependencyError("The service did not answer with JSON: is the address right?") from None
