"""The content of an export: numbered parts, each in one blob, or in several where it exceeds 1 MiB."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from loci.tenancy.context import Tenant, tenant_tx
from memories.models import Blob, BlobForm, Export
from memories.scope import SCOPED

PIECE_BYTES = 1024 * 1024
MADE_WITHIN = timedelta(hours=48)
"""So long the parts of an export are kept that is not done yet."""

KIND = "export"


def write(export: Export, part: int, content: bytes) -> None:
    """Writes a part in place of the one that was there, inside the caller's `tenant_tx`."""
    pieces_of(export.id, part).delete()
    expires_at, scope = timezone.now() + MADE_WITHIN, {name: getattr(export, name) for name in SCOPED}
    for piece, start in enumerate(range(0, len(content), PIECE_BYTES)):
        Blob.objects.create(
            event_id=export.event_id,
            position=0,
            part=part,
            piece=piece,
            form=BlobForm.EXPORT,
            kind=KIND,
            content=content[start : start + PIECE_BYTES],
            expires_at=expires_at,
            **scope,
        )


def pieces_of(export_id: UUID, part: int) -> QuerySet[Blob]:
    """Returns the blobs of a part, in order."""
    pieces: QuerySet[Blob] = Blob.objects.filter(event_id=export_id, form=BlobForm.EXPORT, position=0, part=part)
    return pieces.order_by("piece")


def part_of(export_id: UUID, part: int) -> bytes:
    """Returns the whole part, inside the caller's `tenant_tx`."""
    return b"".join(bytes(content) for content in pieces_of(export_id, part).values_list("content", flat=True))


def read(tenant: Tenant, export_id: UUID) -> Iterator[bytes]:
    """Yields the parts in order, each read in a transaction of its own: nothing is held while somebody takes them."""
    part = 0
    while True:
        with tenant_tx(tenant):
            later = Blob.objects.filter(event_id=export_id, form=BlobForm.EXPORT, part__gt=part)
            found = later.order_by("part").values_list("part", flat=True).first()
            content = part_of(export_id, found) if found is not None else b""
        if found is None:
            return
        part = found
        yield content
