"""Rows in portions, so that no commit takes long."""

from typing import Any

from django.db.models import QuerySet


def delete_some(rows: QuerySet[Any], most: int | None = None) -> int:
    """Deletes these rows, or `most` of them, inside the caller's transaction; returns how many.

    What somebody else is changing or deleting at this moment is passed over: nobody waits for anybody.
    """
    ids = list(rows.select_for_update(of=["self"], skip_locked=True).values_list("pk", flat=True)[:most])
    if ids:
        rows.model._default_manager.filter(pk__in=ids).delete()
    return len(ids)
