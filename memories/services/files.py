"""Files that come with messages: blobs, until their event has read them (design.md §2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from loci.media.kinds import Kind
from loci.tenancy.batches import delete_some
from memories.extraction.base import InputMessage
from memories.models import Blob, BlobForm, Event

BEGINNING: dict[str, Any] = {}
"""The cursor of a job whose event has files (`memories.services.reading`)."""

KEPT_FOR = timedelta(days=7)
PIECE_BYTES = 1024 * 1024
PIECES_PER_INSERT = 4
PRUNED_AT_ONCE = 50


@dataclass(frozen=True)
class NewFile:
    """A file that a message brings, or the URL at which it is."""

    kind: Kind
    content: bytes = b""
    url: str = ""


@dataclass(frozen=True)
class NewMessage(InputMessage):
    """A message with its files. In its content each has the place of its `placeholder`."""

    files: tuple[NewFile, ...] = ()


@dataclass(frozen=True)
class StoredFile:
    """A file that its event has not read yet: the whole of it, or its URL."""

    kind: Kind
    position: int
    part: int
    content: bytes
    url: str

    @property
    def name(self) -> str:
        """Returns what stands for the file in its message."""
        return placeholder(self.kind, self.part)


def placeholder(kind: Kind, part: int) -> str:
    """Returns what stands in a message for its file number `part`, counted from 1."""
    return f"[{kind} {part}]"


def store_files(event: Event, messages: Iterable[InputMessage], columns: dict[str, Any]) -> bool:
    """Stores the files of a new event's messages, inside the caller's `tenant_tx`; returns whether there are any."""
    rows = [
        Blob(event=event, position=position, part=part, **piece, **columns)
        for position, message in enumerate(messages)
        for part, file in enumerate(getattr(message, "files", ()), 1)
        for piece in _pieces(file)
    ]
    _insert(rows)
    return bool(rows)


def _pieces(file: NewFile) -> Iterable[dict[str, Any]]:
    if file.url:
        yield {"form": BlobForm.URL, "kind": file.kind, "content": file.url.encode()}
    for number, start in enumerate(range(0, len(file.content), PIECE_BYTES)):
        content = file.content[start : start + PIECE_BYTES]
        yield {"form": BlobForm.FILE, "kind": file.kind, "content": content, "piece": number}


def _insert(rows: Sequence[Blob]) -> None:
    if rows:
        expires_at = timezone.now() + KEPT_FOR
        for row in rows:
            row.expires_at = expires_at
        Blob.objects.bulk_create(rows, batch_size=PIECES_PER_INSERT)


def prune(now: datetime, most: int) -> int:
    """Removes up to `most` pieces of files whose time is over, inside the caller's `tenant_tx`; returns how many."""
    return delete_some(Blob.objects.filter(expires_at__lte=now).order_by("expires_at"), most)


def next_file(event: Event) -> StoredFile | None:
    """Returns the first file of the event that is not read yet."""
    unread = Blob.objects.filter(event=event).exclude(form=BlobForm.CHUNK)
    first = unread.order_by("position", "part").values("position", "part").first()
    if first is None:
        return None
    pieces = list(unread.filter(**first).order_by("piece"))
    content = b"".join(bytes(piece.content) for piece in pieces)
    has_url = pieces[0].form == BlobForm.URL
    return StoredFile(
        Kind(pieces[0].kind),
        first["position"],
        first["part"],
        content=b"" if has_url else content,
        url=content.decode() if has_url else "",
    )


def replace_file(event: Event, file: StoredFile, chunks: Sequence[str] = ()) -> None:
    """Puts the pieces of a document's text in place of the document, or nothing in place of any file."""
    Blob.objects.filter(event=event, position=file.position, part=file.part).delete()
    scope = {name: getattr(event, name) for name in ("user_id", "agent_id", "app_id", "run_id")}
    _insert(
        [
            Blob(
                event=event,
                position=file.position,
                part=file.part,
                piece=number,
                form=BlobForm.CHUNK,
                kind=file.kind,
                content=text.encode(),
                **scope,
            )
            for number, text in enumerate(chunks)
        ]
    )


def next_chunk(event: Event) -> Blob | None:
    """Returns the first piece of a document of the event that is not read yet."""
    chunk: Blob | None = (
        Blob.objects.filter(event=event, form=BlobForm.CHUNK).order_by("position", "part", "piece").first()
    )
    return chunk


def remove_files(event_ids: Iterable[UUID] | QuerySet[Any, Any]) -> None:
    """Removes all files of these events."""
    Blob.objects.filter(event_id__in=event_ids).delete()
