"""JSON as Loci takes it: objects only, in UTF-8, small, shallow, and storable (reliability.md §2.8)."""

from collections.abc import Iterator, Mapping
from typing import IO, Any, cast

import orjson
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

MAX_BODY_BYTES = 2 * 1024**2
MAX_DEPTH = 32
MAX_NODES = 20_000
MAX_COMMAS = 500_000
"""Of a body beyond `MAX_BODY_BYTES`, which is large by few long texts: else its values would need too much memory."""
MAX_NUMBER = 2**53
"""Beyond it, a JSON number is no longer exact in most clients."""


class BodyTooLarge(APIException):
    """The body exceeds the limit of the view: 413."""

    status_code = 413
    default_detail = "The request body is too large."
    default_code = "body_too_large"


class UnsafeTreeError(ValueError):
    """A decoded JSON value that must not be kept; the text says why and can be shown to the caller."""


class StrictJSONParser(BaseParser):
    """Parses `application/json` for `request.data`, of any method.

    Reads at most `MAX_BODY_BYTES`, or the view's own `max_body_bytes`, and raises `BodyTooLarge` (413) beyond it;
    `ParseError` (400) for whatever is not a JSON object or fails `check_tree`. Of a repeated key, the last one counts.
    """

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Returns the object in `stream`; a body of nothing but white space is an empty one."""
        view = (parser_context or {}).get("view")
        body = _read(stream, getattr(view, "max_body_bytes", MAX_BODY_BYTES))
        if not body.strip():
            return {}
        if len(body) > MAX_BODY_BYTES and body.count(b",") > MAX_COMMAS:
            raise BodyTooLarge
        try:
            value = orjson.loads(body)
            check_tree(value)
        except ValueError as error:  # orjson's messages name a position and never quote the body.
            raise ParseError(f"The request body is not acceptable JSON: {error}") from error
        if not isinstance(value, dict):
            raise ParseError("The request body must be a JSON object.")
        return value


def body_of(request: Request) -> dict[str, Any]:
    """Returns `request.data`, which is always an object here; DRF's types cannot know."""
    return cast("dict[str, Any]", request.data)


def check_tree(value: Any) -> None:
    """Raises `UnsafeTreeError` for a decoded JSON value that is too deep or large, holds U+0000 or an inexact number.

    Walks without recursion, so the value may come from anywhere, a language model's answer included.
    """
    level, nodes = [value], 1
    for _ in range(MAX_DEPTH + 1):
        if not level:
            return
        nodes += sum(len(node) for node in level if isinstance(node, (dict, list)))
        if nodes > MAX_NODES:
            raise UnsafeTreeError(f"more than {MAX_NODES} values.")
        level = [child for node in level for child in _checked_children(node)]
    if level:
        raise UnsafeTreeError(f"nested deeper than {MAX_DEPTH} levels.")


def _read(stream: IO[bytes], limit: int) -> bytes:
    body = stream.read(limit + 1)
    if len(body) > limit:
        raise BodyTooLarge(f"The request body is larger than {limit} bytes.")
    return body


def _checked_children(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        for key in node:
            _check_text(key)
        yield from node.values()
    elif isinstance(node, list):
        yield from node
    elif isinstance(node, str):
        _check_text(node)
    elif isinstance(node, (int, float)) and abs(node) > MAX_NUMBER:
        raise UnsafeTreeError("a number beyond ±2^53.")


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise UnsafeTreeError("a text with the character U+0000.")
