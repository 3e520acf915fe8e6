"""The guarded way out for libraries that ask for a `requests` session, as django-allauth does (reliability.md §2.7)."""

import io
from collections.abc import Mapping
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, HTTPResponse, Timeout
from urllib3.exceptions import HTTPError, ReadTimeoutError, SSLError

from loci.errors import DependencyError
from loci.net.guard import NOT_ALLOWED, UNREACHABLE, UrlNotAllowed, checked_url, resolve
from loci.net.pinned import CONNECT_TIMEOUT_S, Deadline, pinned_pool

DEADLINE_S = 10.0
MAX_BODY_BYTES = 1_048_576

NOT_TRUSTED = "No trusted connection to the host could be made."
TOO_SLOW = "The host took too long to answer."
TOO_LARGE = "The host's answer is too large."


class OutboundError(requests.ConnectionError):
    """A request that was refused or failed. Its text is one of five, and tells no address and nothing of the answer."""


class SafeSession(requests.Session):
    """A session that reaches only what `loci.net.guard` allows.

    Each request is one exchange over a connection of its own: no proxy, no redirect followed (the answer is handed over
    as it is), no cookie kept, 10 seconds for everything, 1 MiB of decoded body. Raises `OutboundError`.
    """

    def __init__(self, *, deadline_s: float = DEADLINE_S) -> None:
        super().__init__()
        self.trust_env = False
        self.headers.update({"User-Agent": "Loci", "Accept-Encoding": "identity"})
        for scheme in list(self.adapters):
            self.mount(scheme, _SafeAdapter(deadline_s))

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Prepares a request whose URL is allowed as it was written, before `requests` makes another text of it."""
        try:
            request.url = checked_url(str(request.url)).text
        except UrlNotAllowed:
            raise OutboundError(NOT_ALLOWED) from None
        return super().prepare_request(request)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follows no redirect: it may lead anywhere."""


class _SafeAdapter(HTTPAdapter):
    def __init__(self, deadline_s: float) -> None:
        super().__init__()
        self._deadline_s = deadline_s

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Sends a request under the guard's rules. What a caller asks for otherwise (proxies, verify) is not heard."""
        with Deadline(self._deadline_s) as deadline:
            try:
                answer = self._exchange(request, deadline)
            except UrlNotAllowed:
                raise OutboundError(NOT_ALLOWED) from None
            except (HTTPError, DependencyError) as error:
                raise OutboundError(TOO_SLOW if deadline.has_passed else reason_of(error)) from None
            if deadline.has_passed:
                raise OutboundError(TOO_SLOW)
        return self.build_response(request, answer)

    def _exchange(self, request: requests.PreparedRequest, deadline: Deadline) -> HTTPResponse:
        url = checked_url(str(request.url))
        with pinned_pool(url, resolve(url), deadline) as pool:
            answer = pool.urlopen(
                str(request.method),
                request.path_url,
                body=cast("bytes | str | None", request.body),  # Nothing here streams what it sends.
                headers=cast("Mapping[str, str]", request.headers),
                retries=False,
                redirect=False,
                preload_content=False,
                timeout=Timeout(connect=CONNECT_TIMEOUT_S, read=self._deadline_s),
            )
            with answer:
                return _in_memory(answer)


def _in_memory(answer: BaseHTTPResponse) -> HTTPResponse:
    body = answer.read(MAX_BODY_BYTES + 1, decode_content=True)
    if len(body) > MAX_BODY_BYTES:
        raise OutboundError(TOO_LARGE)
    headers = answer.headers.copy()
    for of_the_transfer in ("Content-Encoding", "Content-Length", "Transfer-Encoding"):
        headers.discard(of_the_transfer)
    return HTTPResponse(
        io.BytesIO(body), headers=headers, status=answer.status, reason=answer.reason, preload_content=False
    )


def reason_of(error: Exception) -> str:
    """Returns the fixed text that says of a failed exchange all that a user may know."""
    if isinstance(error, SSLError):
        return NOT_TRUSTED
    return TOO_SLOW if isinstance(error, ReadTimeoutError) else UNREACHABLE
