"""An add with files is carried out in steps: first its files are read, then its messages, then its documents' pieces.

Each step ends with one commit, which moves the job's cursor and takes away what the step has read: a worker that dies
loses the step that it was in, and nothing is done twice.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from loci.errors import DependencyError, NotNow
from loci.media.kinds import NOT_OF_KIND, Kind, kind_of
from loci.media.sandbox import FileRefused, pages_of_pdf, text_of
from loci.net.safe_fetch import FetchRefused, safe_fetch
from loci.tenancy.context import tenant_tx
from memories.extraction.base import InputMessage
from memories.extraction.chunks import chunks
from memories.extraction.vision import described
from memories.models import Blob, Message, Trust
from memories.resolution.verdicts import Verdict, VerdictKind
from memories.screening import Screened, joined, screen_message
from memories.services import events
from memories.services.adding import Add, carry_out, load, perform_add
from memories.services.files import StoredFile, next_chunk, next_file, remove_files, replace_file
from orgs.project_settings import REDACT_PII
from workers import jobs, outcomes
from workers.jobs import Claim
from workers.outcomes import Outcome

STEP_S = 5.0
"""Another step begins within the same run for so long: its time limits leave room for one that is slow."""
PAUSE_S = 0.5
"""Between two runs, for other adds of the same lane."""
PATIENCE = 4
"""After so many failures in a row a file is given up, and the rest of the add is not."""

_PLACEHOLDER = re.compile(r"\[(?:image|pdf|text) \d+\]")


@dataclass(frozen=True)
class Cursor:
    """How far an add with files has come."""

    is_told: bool = False
    """The messages themselves are done; what is left are pieces of documents."""
    extractions: int = 0

    @classmethod
    def of(cls, claim: Claim) -> "Cursor":
        """Returns where earlier steps left off."""
        return cls(**(claim.cursor or {}))

    def as_json(self) -> dict[str, Any]:
        """Returns the cursor as its job keeps it."""
        return {"is_told": self.is_told, "extractions": self.extractions}


def perform(claim: Claim) -> None:
    """Carries out a claimed add: at once, or in steps where it has files.

    Raises `jobs.Unfinished` when more is left, and what `perform_add` raises.
    """
    if claim.cursor is None:
        return perform_add(claim)
    began, cursor = time.monotonic(), Cursor.of(claim)
    while (further := _step(claim, cursor)) is not None:
        cursor = further
        # After failures the next claim begins to count anew.
        if claim.soft or claim.crashes or time.monotonic() - began > STEP_S:
            raise jobs.Unfinished(after_s=PAUSE_S)
    return None


def _step(claim: Claim, cursor: Cursor) -> Cursor | None:
    """Does what is next, and returns the new cursor; None when all is done."""
    add = load(claim)
    with tenant_tx(add.tenant):
        file = next_file(add.event)
        chunk = None if file else next_chunk(add.event)
    if file is not None:
        return _read(claim, add, cursor, file)
    if not cursor.is_told:
        return _tell(claim, add, cursor)
    if chunk is not None:
        return _extract(claim, add, cursor, chunk)
    _end(claim, add, cursor)
    return None


def _read(claim: Claim, add: Add, cursor: Cursor, file: StoredFile) -> Cursor:
    """A document becomes pieces of text, an image words in its message; of what cannot be read the event says why."""
    try:
        keep = _understood(add, file, may_fail=claim.soft < PATIENCE)
    except FileRefused as refused:
        keep = partial(_refuse, add, file, str(refused))
    with tenant_tx(add.tenant):
        jobs.advance(claim, cursor.as_json())
        keep()
    return cursor


def _understood(add: Add, file: StoredFile, *, may_fail: bool) -> Callable[[], None]:
    """Reads the file, outside of any transaction, and returns what keeps what it says."""
    content = _fetched(file.url, may_fail=may_fail) if file.url else file.content
    if kind_of(content) != file.kind:
        raise FileRefused(NOT_OF_KIND[file.kind])
    if file.kind == Kind.IMAGE:
        return partial(_describe, add, file, _seen(content, may_fail=may_fail))
    pages = pages_of_pdf(content) if file.kind == Kind.PDF else [text_of(content)]
    return partial(replace_file, add.event, file, chunks(pages))


def _fetched(url: str, *, may_fail: bool) -> bytes:
    try:
        return safe_fetch(url)
    except FetchRefused as refused:
        if refused.may_pass and may_fail:
            raise DependencyError(str(refused)) from None
        raise FileRefused(str(refused)) from None


def _seen(image: bytes, *, may_fail: bool) -> str:
    try:
        return described(image)
    except NotNow:
        raise
    except (DependencyError, jobs.Spent) as error:
        # With the file, its requests are forgotten: the rest of the add can go on.
        if may_fail and not isinstance(error, jobs.Spent):
            raise
        raise FileRefused("The model that describes images failed.") from None


def _describe(add: Add, file: StoredFile, description: str) -> None:
    message = Message.objects.get(event=add.event, position=file.position)
    seen = _screened(add, description)
    content = message.content.replace(file.name, f"{file.name[:-1]}: {seen.text}]", 1)
    flags = list(joined(message.flags, seen.flags))
    Message.objects.filter(id=message.id).update(content=content, flags=flags)
    replace_file(add.event, file)


def _screened(add: Add, text: str) -> Screened:
    """What a file says goes through the same screening as what people write."""
    return screen_message(text, redact_pii=add.event.payload.get(REDACT_PII, False))


def _refuse(add: Add, file: StoredFile, reason: str) -> None:
    verdict = Verdict(VerdictKind.REJECTED, file.name, reason=reason)
    events.note(add.event.id, [verdict])
    replace_file(add.event, file)


def _tell(claim: Claim, add: Add, cursor: Cursor) -> Cursor:
    """The messages themselves, as in an add without files, with the words for their images."""
    says_something = any(_PLACEHOLDER.sub("", message.content).strip() for message in add.messages)
    told = Cursor(is_told=True, extractions=cursor.extractions + says_something)
    if says_something:
        carry_out(add, partial(jobs.advance, claim, told.as_json()), partial(events.note, add.event.id))
    else:
        with tenant_tx(add.tenant):
            jobs.advance(claim, told.as_json())
    return told


def _extract(claim: Claim, add: Add, cursor: Cursor, chunk: Blob) -> Cursor:
    """One piece of a document: whoever wrote it is not part of the conversation."""
    message = add.messages[chunk.position]
    read = _screened(add, bytes(chunk.content).decode())
    piece = InputMessage(role=message.role, content=read.text, trust=Trust.EXTERNAL, flags=read.flags)
    part = replace(add, messages=(piece,), context=(message,), first_position=chunk.position)
    further = replace(cursor, extractions=cursor.extractions + 1)

    def secure() -> None:
        jobs.advance(claim, further.as_json())
        Blob.objects.filter(id=chunk.id).delete()

    carry_out(part, secure, partial(events.note, add.event.id))
    return further


def _end(claim: Claim, add: Add, cursor: Cursor) -> None:
    """The event has succeeded unless nothing in it could be read."""
    with tenant_tx(add.tenant):
        jobs.finish(claim)
        remove_files([add.event.id])
        if cursor.extractions:
            events.mark_succeeded(add.event.id)
            outcomes.record(Outcome(meter="add", source=claim.job_id))
        else:
            events.mark_failed(claim, " ".join(f"{row['memory']} {row['reason']}" for row in add.event.verdicts))
