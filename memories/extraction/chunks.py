"""A document is cut into pieces that an extractor can read at once."""

import re
from collections.abc import Iterator, Sequence

CHUNK_CHARS = 4_000

_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
_ENDS = (". ", "! ", "? ", "。", "\n", " ")
"""Where a paragraph is cut that is too long: after a sentence rather than within a line."""


def chunks(pages: Sequence[str]) -> list[str]:
    """Returns the text of the pages in pieces of at most 4,000 characters, cut between paragraphs where it can be.

    Nothing is repeated, and nothing but white space is left out.
    """
    packed: list[str] = []
    for piece in _pieces("\n\n".join(pages)):
        if packed and len(packed[-1]) + len(piece) + 2 <= CHUNK_CHARS:
            packed[-1] += f"\n\n{piece}"
        else:
            packed.append(piece)
    return packed


def _pieces(text: str) -> Iterator[str]:
    for paragraph in _PARAGRAPH.split(text):
        rest = paragraph.strip()
        while len(rest) > CHUNK_CHARS:
            cut = _cut(rest)
            yield rest[:cut].strip()
            rest = rest[cut:].strip()
        if rest:
            yield rest


def _cut(text: str) -> int:
    """The last good end in the second half of what is allowed."""
    for end in _ENDS:
        found = text.rfind(end, CHUNK_CHARS // 2, CHUNK_CHARS)
        if found > 0:
            return found + len(end)
    return CHUNK_CHARS
