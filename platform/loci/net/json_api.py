"""JSON over HTTP from a service that an operator names: its host is trusted as a model's is, its answers are not."""

import random
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import httpx2
import orjson

from loci.errors import DependencyError
from loci.net.retry_after import retry_after

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
    """A service at `base_url`, called with `authorization`; from any number of threads, until the end of its block.

    What fails to connect or to answer in time, 408, 429 and 5xx are tried again, up to seven times in all, after
    `Retry-After` or a growing pause; a service that never answered anything is not waited for. Redirects are not
    followed: the key is for this host. Answers have at most 64 MiB.
    No error quotes an answer, an address beyond its path, or the key.
    """

    def __init__(self, base_url: str, authorization: str, *, pauses_s: Sequence[float] = PAUSES_S) -> None:
        timeout = httpx2.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
        headers = {"Authorization": authorization, "Accept": "application/json", "User-Agent": "Loci"}
        try:
            self._client = httpx2.Client(base_url=base_url, headers=headers, timeout=timeout)
        except httpx2.InvalidURL:
            raise DependencyError(f"{base_url} is not an address.") from None
        self._pauses_s = pauses_s
        self._has_answered = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, **query: int) -> Any:
        """Returns the decoded answer to a GET; raises `Refused` for what is none, and `DependencyError` otherwise."""
        return self._ask("GET", path, query, None)

    def post(self, path: str, body: Any, **query: int) -> Any:
        """Returns the decoded answer to a POST that only reads, since it may be sent again; raises as `get`."""
        return self._ask("POST", path, query, body)

    def _ask(self, method: str, path: str, query: dict[str, int], body: Any) -> Any:
        pauses = iter(self._pauses_s)
        while True:
            try:
                return self._attempt(method, path, query, body)
            except _AttemptFailed as failed:
                pause = next(pauses, None) if self._has_answered else None
                wait = pause and (pause * _random.uniform(0.5, 1) if failed.wait_s is None else failed.wait_s)
                if wait is None or wait > LONGEST_WAIT_S:
                    raise DependencyError(f"The service {failed}.", retry_after=failed.wait_s) from None
                time.sleep(wait)

    def _attempt(self, method: str, path: str, query: dict[str, int], body: Any) -> Any:
        try:
            with self._client.stream(method, path, params=query or None, json=body) as response:
                self._has_answered = True
                _raise_for(response)
                return _decoded(response)
        except httpx2.TimeoutException:
            raise _AttemptFailed("did not answer in time") from None
        except (httpx2.TransportError, httpx2.DecodingError):
            raise _AttemptFailed("cannot be reached") from None


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


def _decoded(response: httpx2.Response) -> Any:
    body = bytearray()
    for part in response.iter_bytes():
        body += part
        if len(body) > MAX_ANSWER_BYTES:
            raise DependencyError("The service's answer is too large.")
    try:
        return orjson.loads(body)
    except ValueError:
        raise DependencyError("The service did not answer with JSON: is the address right?") from None
