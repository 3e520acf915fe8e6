"""Deliveries are kept for thirty days (reliability.md §2.6)."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from webhooks.models import Delivery, DeliveryAttempt, DeliveryState, WebhookEndpoint

KEPT_FOR = timedelta(days=30)


def prune(now: datetime, most: int) -> int:
    """Deletes up to `most` deliveries that are older than thirty days, and deleted endpoints that have none left.

    Returns how many deliveries that were. Runs inside the caller's `tenant_tx`.
    """
    old = Delivery.objects.filter(created_at__lt=now - KEPT_FOR).exclude(state=DeliveryState.PENDING)
    # What is replayed or emptied at this moment is passed over.
    free = old.order_by("created_at").select_for_update(of=["self"], skip_locked=True)
    ids = list(free.values_list("id", flat=True)[:most])
    DeliveryAttempt.objects.filter(delivery_id__in=ids).delete()
    Delivery.objects.filter(id__in=ids).delete()
    # One that was deleted just now may still be told by a transaction that saw it before.
    gone = WebhookEndpoint.objects.filter(deleted_at__lt=now - KEPT_FOR)
    gone.filter(~Exists(Delivery.objects.filter(endpoint=OuterRef("id")))).delete()
    return len(ids)
