"""Fetches the files that users name by URL: images and documents (reliability.md §2.7)."""

import time
from urllib.parse import urljoin

from urllib3 import BaseHTTPResponse, Timeout
from urllib3.exceptions import HTTPError

from loci.errors import DependencyError
from loci.net.guard import NOT_ALLOWED, UrlNotAllowed, checked_url, resolve
from loci.net.pinned import CONNECT_TIMEOUT_S, Deadline, pinned_pool
from loci.net.safe_session import TOO_LARGE, TOO_SLOW, reason_of

DEADLINE_S = 15.0
MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_REDIRECTS = 3
MIN_BYTES_PER_S = 1024
PATIENCE_S = 3.0
"""A server may be slower than `MIN_BYTES_PER_S` for this long, at its start."""
PIECE_BYTES = 64 * 1024
NO_FILE = "The host did not give the file."

_HEADERS = {"User-Agent": "Loci", "Accept": "*/*", "Accept-Encoding": "identity"}
_MOVED = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class FetchRefused(Exception):
    """The file is not to be had. The text is one of a few fixed ones: it tells no address, no time, no answer.

    `may_pass` says that the same could go well later.
    """

    def __init__(self, reason: str, *, may_pass: bool = False) -> None:
        super().__init__(reason)
        self.may_pass = may_pass


def safe_fetch(url: str, *, deadline_s: float = DEADLINE_S, most: int = MAX_FILE_BYTES) -> bytes:
    """Returns the file at a user's `url`, of at most `most` bytes when unpacked.

    It is asked for at addresses that `loci.net.guard` allows alone, and so is each of up to 3 redirects; all together
    may take `deadline_s`, and no proxy, cookie or password is used. Raises `FetchRefused`.
    """
    with Deadline(deadline_s) as deadline:
        try:
            return _followed(url, deadline, most)
        except UrlNotAllowed:
            raise FetchRefused(NOT_ALLOWED) from None
        except (HTTPError, DependencyError) as error:
            raise FetchRefused(TOO_SLOW if deadline.has_passed else reason_of(error), may_pass=True) from None


def _followed(url: str, deadline: Deadline, most: int) -> bytes:
    for _ in range(MAX_REDIRECTS + 1):
        answer = _exchange(url, deadline, most)
        if isinstance(answer, bytes):
            return answer
        url = _joined(url, answer)
    raise FetchRefused(NO_FILE)


def _joined(url: str, place: str) -> str:
    try:
        return urljoin(url, place)
    except ValueError:
        raise UrlNotAllowed from None


def _exchange(url: str, deadline: Deadline, most: int) -> bytes | str:
    """The file, or where it has moved to."""
    checked = checked_url(url)
    addresses = resolve(checked)
    if deadline.has_passed:
        raise FetchRefused(TOO_SLOW, may_pass=True)
    with pinned_pool(checked, addresses, deadline) as pool:
        answer = pool.urlopen(
            "GET",
            checked.target,
            headers=_HEADERS,
            retries=False,
            redirect=False,
            preload_content=False,
            timeout=Timeout(connect=CONNECT_TIMEOUT_S, read=DEADLINE_S),
        )
        with answer:
            if answer.status in _MOVED and (place := answer.headers.get("Location")):
                return place
            if answer.status != 200:
                raise FetchRefused(NO_FILE, may_pass=answer.status in _PASSING)
            return _read(answer, deadline, most)


def _read(answer: BaseHTTPResponse, deadline: Deadline, most: int) -> bytes:
    body, began = bytearray(), time.monotonic()
    while piece := answer.read1(PIECE_BYTES, decode_content=True):
        body += piece
        if len(body) > most:
            raise FetchRefused(TOO_LARGE)
        seconds = time.monotonic() - began
        if seconds > PATIENCE_S and len(body) < seconds * MIN_BYTES_PER_S:
            raise FetchRefused(TOO_SLOW, may_pass=True)
    if deadline.has_passed:
        raise FetchRefused(TOO_SLOW, may_pass=True)
    return bytes(body)
