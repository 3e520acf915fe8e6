"""Images and documents in messages: by URL, as data URL or as bare base64 (contract.md §3.5)."""

import base64
import binascii
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeGuard
from urllib.parse import unquote_to_bytes

from rest_framework import serializers

from loci.errors import DomainError
from loci.http.parser import MAX_BODY_BYTES, BodyTooLarge
from loci.media.kinds import NOT_OF_KIND, Kind, kind_of
from loci.media.limits import MAX_FILE_BYTES
from loci.net.guard import UrlNotAllowed, checked_url
from memories.services.files import NewFile

PARTS = {"image_url": Kind.IMAGE, "mdx_url": Kind.TEXT, "txt_url": Kind.TEXT, "pdf_url": Kind.PDF}
"""The types of parts of a message's content that bring a file."""
MAX_FILES = 20
MAX_BODY_WITH_FILES = 28 * 1024**2

ROOM_BYTES = 2 * MAX_BODY_WITH_FILES
ROOM_WAIT_S = 2.0

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_DATA = re.compile(r"data:(?P<type>[^,]{0,200}),", re.IGNORECASE)


class MediaReader:
    """Reads the files of one add. All together they may have 20 MB."""

    def __init__(self) -> None:
        self.count = 0
        self._bytes = 0

    def read(self, part: Mapping[str, Any]) -> NewFile:
        """Returns the file of a part whose type is in `PARTS`, or the URL at which it is.

        Raises `ValidationError`, and `BodyTooLarge` (413).
        """
        name = part["type"]
        source = _source(part)
        if not source:
            raise serializers.ValidationError(f"A part of type {name} needs {name}.url.")
        self.count += 1
        if _ADDRESS.match(source):
            return NewFile(PARTS[name], url=_allowed(source))
        content = _decoded(source, name)
        self._bytes += len(content)
        if self._bytes > MAX_FILE_BYTES:
            raise BodyTooLarge("The images and documents of an add may have 20 MB together.")
        if kind_of(content) != PARTS[name]:
            raise serializers.ValidationError(f"{name}: {NOT_OF_KIND[PARTS[name]]}")
        return NewFile(PARTS[name], content=content)


class _Room:
    """How many bytes of large bodies this process may still handle."""

    def __init__(self) -> None:
        self.free = ROOM_BYTES
        self.changed = threading.Condition()


_room = _Room()


@contextmanager
def room_for(length: int) -> Iterator[None]:
    """Holds room for a body of more than 2 MiB, whose handling takes several times its length in memory.

    Raises `DomainError` (503) where none gets free within 2 seconds.
    """
    needed = length if length > MAX_BODY_BYTES else 0
    with _room.changed:
        if not _room.changed.wait_for(lambda: needed <= _room.free, timeout=ROOM_WAIT_S):
            raise DomainError("Too many large adds at once. Try again.", status=503)
        _room.free -= needed
    try:
        yield
    finally:
        with _room.changed:
            _room.free += needed
            _room.changed.notify_all()


def has_file(part: Any) -> TypeGuard[Mapping[str, Any]]:
    """Tells whether a part of a message's content, which may be any JSON, brings a file."""
    return isinstance(part, Mapping) and isinstance(name := part.get("type"), str) and name in PARTS


def check_size(length: int, messages: Any) -> None:
    """Raises `BodyTooLarge` (413) for a body of `length` bytes that is large by other things than the files in it."""
    if length > MAX_BODY_BYTES and length - sum(map(len, _inline(messages))) > MAX_BODY_BYTES:
        raise BodyTooLarge(f"The request body is larger than {MAX_BODY_BYTES} bytes without its images and documents.")


def _inline(messages: Any) -> Iterator[str]:
    for message in messages if isinstance(messages, list) else [messages]:
        content = message.get("content") if isinstance(message, Mapping) else None
        for part in content if isinstance(content, list) else [content]:
            if has_file(part):
                yield _source(part)


def _source(part: Mapping[str, Any]) -> str:
    """The URL or base64 of a part; "" where it has none."""
    given = part.get(part["type"])
    source = given.get("url") if isinstance(given, Mapping) else given
    return source if isinstance(source, str) else ""


def _allowed(url: str) -> str:
    try:
        return checked_url(url).text
    except UrlNotAllowed as error:
        raise serializers.ValidationError(f"{error} Files are fetched by https from public hosts.") from None


def _decoded(source: str, name: str) -> bytes:
    data = _DATA.match(source)
    body = source[data.end() :] if data else source
    if data and not data["type"].lower().endswith(";base64"):
        return unquote_to_bytes(body)
    for spelling in (str, _padded):
        with suppress(binascii.Error, ValueError):
            return base64.b64decode(spelling(body), validate=True)
    raise serializers.ValidationError(f"{name}.url must be an https URL, a data URL or base64.")


def _padded(text: str) -> str:
    """Base64 as the strict decoder takes it: in the ordinary alphabet, in one line, and filled up."""
    one_line = "".join(text.split()).translate(str.maketrans("-_", "+/"))
    return one_line + "=" * (-len(one_line) % 4)
