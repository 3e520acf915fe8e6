"""What a source's history says, as statements (contract.md §3.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from memories.models import Cause
from memories.resolution.timeline import Statement
from memories.services.importing import IMPORTER, ImportedMemory

Entry = Mapping[str, Any]
"""A validated history entry: `event`, and of texts and times those that the source gives."""

Said = list[tuple[Cause, Statement]]

_RANKS = {Cause.ADD: 0, Cause.UPDATE: 1, Cause.DELETE: 2}


def with_past(memory: ImportedMemory, entries: Sequence[Entry]) -> ImportedMemory:
    """Returns the memory with the past that these entries tell.

    Whatever they lack is filled in from the memory itself: in the end it says its own text, and a superseded one is
    closed. Events that are none of ADD, UPDATE and DELETE are left out, and so is what has no text any more.
    """
    told = _in_order(memory, [entry for entry in entries if entry["event"] in _RANKS])
    said = _said(memory, told)
    newest = max(statement.said_at for _, statement in said)
    current = [statement.text for _, statement in said if statement.said_at == newest][-1]
    if current != memory.text:
        newest = max(memory.updated_at, newest)
        said.append((Cause.UPDATE, _statement(memory.text, newest)))
    if memory.closed_at is None:
        return replace(memory, said=tuple(said))
    ends = [entry.get("valid_to") or _time(memory, entry) for entry in told if entry["event"] == Cause.DELETE]
    return replace(memory, said=tuple(said), closed_at=max(ends[-1] if ends else memory.closed_at, newest))


def begin(text: str, at: datetime) -> tuple[tuple[Cause, Statement], ...]:
    """Returns the past of a memory of which nothing more is known."""
    return ((Cause.ADD, _statement(text, at)),)


def _in_order(memory: ImportedMemory, entries: list[Entry]) -> list[Entry]:
    """Loci lists changes as it learned them, and a late one has its own interval; others are sorted by their time."""
    if any("valid_from" in entry for entry in entries):
        return entries
    return sorted(entries, key=lambda entry: (_time(memory, entry), _RANKS[entry["event"]]))


def _said(memory: ImportedMemory, entries: Sequence[Entry]) -> Said:
    told = [entry for entry in entries if entry["event"] != Cause.DELETE and entry.get("new_memory")]
    if not told:
        return list(memory.said)
    said = [(Cause.UPDATE, _statement(entry["new_memory"], _time(memory, entry))) for entry in told]
    first = said[0][1]
    if told[0]["event"] == Cause.UPDATE and (before := told[0].get("old_memory")):
        return [*begin(before, min(memory.created_at, first.said_at)), *said]
    return [(Cause.ADD, first), *said[1:]]


def _time(memory: ImportedMemory, entry: Entry) -> datetime:
    """When it was said. Some sources repeat the memory's own creation in every entry, and say the time beside it."""
    created, updated = entry.get("created_at"), entry.get("updated_at")
    if "valid_from" in entry:
        return entry["valid_from"]
    if entry["event"] == Cause.ADD:
        return created or memory.created_at
    if created and (created > memory.created_at or not updated):
        return created
    return updated or memory.updated_at


def _statement(text: str, at: datetime) -> Statement:
    return Statement(text=text, said_at=at, speaker="import", extractor=IMPORTER)
