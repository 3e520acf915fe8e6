"""Posts to the addresses that users give for webhooks (reliability.md §2.6, §2.7)."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from urllib3 import BaseHTTPResponse, Timeout
from urllib3.exceptions import HTTPError

from loci.errors import DependencyError
from loci.net.guard import NOT_ALLOWED, UrlNotAllowed, checked_url, resolve
from loci.net.outside import assert_outside_transaction
from loci.net.pinned import Deadline, pinned_pool
from loci.net.safe_session import TOO_SLOW, reason_of

DEADLINE_S = 15.0
CONNECT_S = 5.0
MAX_ANSWER_BYTES = 4_096


class PostFailed(Exception):
    """There was no answer. The text is one of a few fixed ones: it tells no address and no time."""


@dataclass(frozen=True)
class Answer:
    """What was answered: of the body the first 4 KiB, as they were sent. Names of headers are found in any case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def safe_post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Posts `body` to a user's `url` and returns the answer, whatever its status is.

    It goes to an address that `loci.net.guard` allows alone, over a connection of its own: no proxy, cookie or password
    is used and no redirect followed. What has arrived of the answer's body by the deadline is enough. Raises
    `PostFailed`.
    """
    assert_outside_transaction()
    with Deadline(DEADLINE_S) as deadline:
        try:
            return _exchange(url, body, headers, deadline)
        except UrlNotAllowed:
            raise PostFailed(NOT_ALLOWED) from None
        except (HTTPError, DependencyError) as error:
            raise PostFailed(TOO_SLOW if deadline.has_passed else reason_of(error)) from None


def _exchange(url: str, body: bytes, headers: Mapping[str, str], deadline: Deadline) -> Answer:
    checked = checked_url(url)
    addresses = resolve(checked)
    if deadline.has_passed:
        raise PostFailed(TOO_SLOW)
    with pinned_pool(checked, addresses, deadline, connect_s=CONNECT_S) as pool:
        answer = pool.urlopen(
            "POST",
            checked.target,
            body=body,
            headers={"User-Agent": "Loci", "Accept-Encoding": "identity", **headers},
            retries=False,
            redirect=False,
            preload_content=False,
            timeout=Timeout(connect=CONNECT_S, read=DEADLINE_S),
        )
        with answer:
            if deadline.has_passed:  # The cut may have ended the headers.
                raise PostFailed(TOO_SLOW)
            return Answer(answer.status, answer.headers, _beginning(answer))


def _beginning(answer: BaseHTTPResponse) -> bytes:
    read = b""
    with suppress(HTTPError):  # It stopped, or was cut at the deadline: the status is what counts.
        while left := MAX_ANSWER_BYTES - len(read):
            piece = answer.read1(left, decode_content=False)
            if not piece:
                break
            read += piece
    return read
