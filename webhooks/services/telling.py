"""Subscribers are to be told: what each endpoint is sent is stored in the commit that caused it (design.md §3)."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import QuerySet

from webhooks.bodies import body_of
from webhooks.models import Delivery, WebhookEndpoint, new_message_id
from webhooks.queueing import enqueue
from workers.outcomes import Notice


def are_heard(event_types: Collection[str]) -> bool:
    """Tells whether an endpoint of the current project subscribes to one of these types."""
    return _subscribing(event_types).exists()


def tell(notices: Sequence[Notice]) -> None:
    """Stores what each notice's subscribers are to be sent; endpoints that share a message share its id."""
    subscribing = _subscribing({notice.event_type for notice in notices}).order_by("id")
    endpoints = dict(subscribing.values_list("id", "event_types"))
    deliveries: list[Delivery] = []
    for notice in notices:
        subscribers = [endpoint_id for endpoint_id, types in endpoints.items() if notice.event_type in types]
        message = _message(notice) if subscribers else {}
        deliveries += (Delivery(endpoint_id=endpoint_id, **message) for endpoint_id in subscribers)
    if deliveries:
        Delivery.objects.bulk_create(deliveries)
        enqueue(deliveries)


def _subscribing(event_types: Collection[str]) -> QuerySet[Any]:
    active = WebhookEndpoint.objects.filter(is_active=True, deleted_at=None)
    return active.filter(event_types__overlap=sorted(event_types))


def _message(notice: Notice) -> dict[str, Any]:
    return {
        "message_id": new_message_id(),
        "event_type": notice.event_type,
        "memory_id": notice.memory_id,
        "version": notice.version,
        "body": body_of(notice.details),
    }
