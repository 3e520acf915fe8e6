"""Exports are kept for 24 hours, and then they are gone."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from memories.models import Blob, Export

KEPT_FOR = timedelta(hours=24)


def prune(now: datetime, most: int) -> int:
    """Removes up to `most` blobs and records of exports that have expired `now`; returns how many those were.

    Fewer than `most` were the last. Runs inside the caller's `tenant_tx`; an export without its blobs goes last.
    """
    expired = Export.objects.filter(expires_at__lte=now)
    blobs = Blob.objects.filter(event_id__in=expired.values("id"))
    removed = _remove(Blob, list(blobs.values_list("id", flat=True)[:most]))
    empty = expired.exclude(Exists(Blob.objects.filter(event_id=OuterRef("id"))))
    return removed + _remove(Export, list(empty.values_list("id", flat=True)[: most - removed]))


def _remove(model: type[Blob] | type[Export], ids: list[object]) -> int:
    if ids:
        model.objects.filter(id__in=ids).delete()
    return len(ids)
