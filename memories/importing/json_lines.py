"""Memories from JSON lines: one object on each, as the API shows it, with its `history` if there is one."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import IO, Any

import orjson

from memories.importing.sources import PAGE, Page, Row
from memories.scope import Scope

MAX_LINE_BYTES = 16 * 1024**2


OTHERS = frozenset({"message", "entity"})
"""Records of an export that are no memories."""


class JsonLines:
    """The lines of a binary stream; `total` is its size in bytes where that is known.

    Empty lines are passed over, and so is what an export tells beside memories.
    """

    def __init__(self, stream: IO[bytes], total: int | None = None) -> None:
        self.total = total
        self._stream = stream
        self._position = 0

    def entities(self) -> Iterator[Sequence[Any]]:
        """Yields nothing: the lines know entities only by the memories about them."""
        return iter(())

    def pages(self, _only: Scope) -> Iterator[Page]:
        """Yields all lines; of a line longer than 16 MiB only that it is."""
        lines = self._rows()
        while rows := tuple(islice(lines, PAGE)):
            yield Page(rows, self._position)

    def histories(self, _labels: Sequence[str]) -> Mapping[str, Any]:
        """Returns nothing: a history stands in its line."""
        return {}

    def _rows(self) -> Iterator[Row]:
        number = 0
        while line := self._line():
            number += 1
            row = _row(f"line {number}", line)
            if line.strip() and not _is_beside(row.data):
                yield row

    def _line(self) -> bytes:
        """The next line; what exceeds the limit is read and forgotten."""
        line = self._stream.readline(MAX_LINE_BYTES + 1)
        self._position += len(line)
        if len(line) > MAX_LINE_BYTES:
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = self._stream.readline(MAX_LINE_BYTES)
                self._position += len(rest)
        return line


def _is_beside(data: Any) -> bool:
    return isinstance(data, dict) and data.get("record") in OTHERS


def _row(label: str, line: bytes) -> Row:
    if len(line) > MAX_LINE_BYTES:
        return Row(label, problem=f"It is longer than {MAX_LINE_BYTES:,} bytes.")
    try:
        return Row(label, orjson.loads(line))
    except ValueError as error:  # orjson's messages name a position and never quote the line.
        return Row(label, problem=f"It is not JSON: {error}")
