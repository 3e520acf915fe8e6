"""Memories that expired long ago are deleted, where the operator wants that (contract.md §14, Expiration)."""

from datetime import datetime

from django.conf import settings

from memories.lifecycle.forgetting import forget
from memories.models import Memory, MemoryState
from memories.queries import SEARCHED_ONLY


def prune(now: datetime, most: int) -> int:
    """Deletes up to `most` memories whose expiration date is `LOCI_RETAIN_EXPIRED_DAYS` ago; returns how many.

    Runs inside the caller's `tenant_tx`. Expired memories are hidden from their day on, whether this runs or not.
    """
    if settings.RETAIN_EXPIRED is None:
        return 0
    # A memory is good to the end of its day.
    last_day = (now - settings.RETAIN_EXPIRED).date()
    expired = Memory.objects.filter(expires_on__lt=last_day).exclude(state=MemoryState.DELETED).order_by("id")
    memories = list(expired.select_for_update(of=["self"], skip_locked=True).defer(*SEARCHED_ONLY)[:most])
    if memories:
        forget(memories)
    return len(memories)
