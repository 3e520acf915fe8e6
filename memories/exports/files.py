"""A file is written in steps: each commit holds some lines and how far they go, so that no death loses or doubles any.

While such a commit is made, the project's deletions wait (`memories.exports.copies`): it is short.
"""

import hashlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from loci.tenancy.context import tenant_tx
from memories.exports import copies, finishing, parts
from memories.exports.formats import FILES
from memories.exports.records import lines, page, sections_of
from memories.models import Event, Export
from workers import jobs
from workers.jobs import Claim

PAGE = 500
"""Rows that are read and written together."""
STEP_S = 20.0
"""Whoever runs the job writes for this long, and leaves the rest to the next step."""
DIGEST_S = 30.0
"""A file that takes longer to read has no digest and no size."""


@dataclass(frozen=True)
class Cursor:
    """How far the file is written: of which section, after which row, and how many parts there are."""

    section: int = 0
    after: str | None = None
    parts: int = 0


def write_file(claim: Claim, export: Export) -> None:
    """Takes one step of a file. Raises `jobs.Unfinished` when more is left, and `Fenced`."""
    deadline, cursor = time.monotonic() + STEP_S, Cursor(**(claim.cursor or {}))
    sections = len(sections_of(export))
    while cursor.section < sections:
        cursor = copies.undisturbed(claim, partial(_written, claim, cursor))
        if time.monotonic() > deadline:
            raise jobs.Unfinished
    _finish(claim, export)


def _written(claim: Claim, cursor: Cursor) -> Cursor:
    export = Export.objects.select_for_update(of=["self"]).get(id=claim.event_id)
    section = sections_of(export)[cursor.section]
    rows = page(export, Event.objects.get(id=export.event_id), section, cursor.after, PAGE)
    for content, last_id in _in_parts(lines(export, section, rows)):
        cursor = replace(cursor, parts=cursor.parts + 1)
        parts.write(export, cursor.parts, content)
        if section == "memories":
            export.last_ids.append(last_id)
    if section == "memories" and rows:
        Export.objects.filter(id=export.id).update(last_ids=export.last_ids, count=export.count + len(rows))
    cursor = _after(cursor, rows)
    jobs.advance(claim, asdict(cursor))
    return cursor


def _after(cursor: Cursor, rows: list[Any]) -> Cursor:
    if len(rows) < PAGE:
        return replace(cursor, section=cursor.section + 1, after=None)
    return replace(cursor, after=str(rows[-1].id))


def _in_parts(written: Iterable[tuple[UUID, bytes]]) -> Iterator[tuple[bytes, UUID]]:
    """Whole lines, as many as fit into one blob; a longer line is a part of its own. With the id of the last row."""
    some: list[bytes] = []
    size, last_id = 0, UUID(int=0)
    for row_id, line in written:
        if some and size + len(line) > parts.PIECE_BYTES:
            yield b"".join(some), last_id
            some, size = [], 0
        some.append(line)
        size, last_id = size + len(line), row_id
    if some:
        yield b"".join(some), last_id


def _finish(claim: Claim, export: Export) -> None:
    with tenant_tx(claim.tenant):
        jobs.hold(claim)
        before = Export.objects.get(id=export.id).removed
    digest = _digest(FILES[export.format].write(parts.read(claim.tenant, export.id)))
    with tenant_tx(claim.tenant):
        jobs.finish(claim)
        whole = Export.objects.select_for_update(of=["self"]).get(id=export.id)
        if digest is not None and whole.removed == before:
            whole.size, whole.sha256 = digest
        finishing.succeed(claim, whole, count=whole.count)


def _digest(pieces: Iterable[bytes]) -> tuple[int, str] | None:
    size, digest, deadline = 0, hashlib.sha256(), time.monotonic() + DIGEST_S
    for piece in pieces:
        size += len(piece)
        digest.update(piece)
        if time.monotonic() > deadline:
            return None
    return size, digest.hexdigest()
