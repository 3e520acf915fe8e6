"""What a memory says once some of its statements are taken back: computed from those that remain, in no database."""

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from typing import Any
from uuid import UUID

from memories.models import Revision
from memories.resolution.judgement import columns_after
from memories.resolution.timeline import found_by
from memories.text import NOT_FOUND_BY

COMPARED = ("text", "valid_to", "attribute_key", "attribute_value", "own_words")
"""What taking others back may change in a statement."""


def without(believed: Sequence[Revision], taken: Collection[UUID]) -> list[Revision]:
    """Returns copies of the believed statements that remain, as they would be had the taken ones never been made.

    `believed` is in order. Each holds on until the next one that remains; one that repeated what is taken back repeats
    what was said before it, or where nothing was, says what it said in its own words.
    """
    kept: list[Revision] = []
    for row in believed:
        if row.id not in taken:
            kept.append(copy(row))
        elif kept and kept[-1].valid_to == row.valid_from:
            kept[-1].valid_to = row.valid_to
    _reword(kept)
    return kept


def lead_of(rows: Sequence[Revision]) -> Revision:
    """Returns the statement that gives a memory what it says last: the words and what was judged of them."""
    leading = [row for row in rows if _leads(row)]
    same = [row for row in leading if row.text == rows[-1].text] or leading
    first_said = [row for row in same if row.own_words is None] or same
    return first_said[-1]


def judged_by(rows: Sequence[Revision]) -> dict[str, Any]:
    """Returns the columns of a memory with these statements; not its categories where they were never kept."""
    lead = lead_of(rows)
    leading = [row for row in rows[: rows.index(lead) + 1] if _leads(row)]
    columns = columns_after(row.judged for row in leading if row.judged)
    if lead.judged is None:  # It was recorded before these things were.
        columns |= columns_after([_UNKNOWN]) | {"trust": lead.trust}
        del columns["categories"]
    return columns


_UNKNOWN: Mapping[str, Any] = {
    "event_time": None,
    "lifetime": "lasting",
    "importance": None,
    "topics": [],
    "relations": [],
    "flags": [],
    "categories": [],
}


def _leads(row: Revision) -> bool:
    return row.own_words in {None, row.text}


def _reword(rows: Sequence[Revision]) -> None:
    vouched = {row.text for row in rows if _leads(row)}
    before: Revision | None = None
    for row in rows:
        if row.text not in vouched:
            _repeat(row, before)
            vouched.add(row.text)
        before = row


def _repeat(row: Revision, before: Revision | None) -> None:
    judged = row.judged or {}
    if before is None:
        row.text, row.own_words = row.own_words or "", None
    else:
        row.text = before.text
    for name, value in (found_by(before) if before else NOT_FOUND_BY).items():
        setattr(row, name, value)
    if judged.get("attribute"):
        row.attribute_key, row.attribute_value = judged["attribute"], judged["value"]
    else:
        row.attribute_key = before.attribute_key if before else ""
        row.attribute_value = before.attribute_value if before else ""
