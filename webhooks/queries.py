"""What is known of webhooks, inside the caller's `tenant_tx`.

Whoever changes several deliveries of an endpoint, or says how one went, locks the endpoint first, and many deliveries
in the order of their ids: so nobody waits in a circle. Only a memory that is forgotten reaches deliveries of many
endpoints, and locks none of these.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from loci.errors import NotFound
from orgs.models import User
from webhooks.models import Delivery, DeliveryAttempt, DeliveryState, WebhookEndpoint

REPLAYABLE_FOR = timedelta(days=30)
NOT_FOUND = "Webhook not found"
NO_DELIVERY = "Message not found"


def endpoints() -> QuerySet[Any]:
    """Returns the project's endpoints, the oldest first."""
    return WebhookEndpoint.objects.filter(deleted_at=None).order_by("created_at", "id")


def find_endpoint(public_id: str, *, for_change: bool = False) -> WebhookEndpoint:
    """Returns the endpoint `wh_…`, locked until the commit if it is to be changed. Raises `NotFound`."""
    found = endpoints().filter(public_id=public_id)
    row: WebhookEndpoint | None = (found.select_for_update(of=["self"], no_key=True) if for_change else found).first()
    if row is None:
        raise NotFound(NOT_FOUND, body={"error": NOT_FOUND})
    return row


def lock_endpoint(endpoint: WebhookEndpoint) -> None:
    """Lets nobody else change the endpoint, or what is delivered to it, until the commit."""
    list(WebhookEndpoint.objects.filter(id=endpoint.id).select_for_update(of=["self"], no_key=True).values_list("id"))


def lock_deliveries(rows: QuerySet[Any]) -> list[UUID]:
    """Locks these deliveries until the commit, and returns their ids."""
    return list(rows.order_by("id").select_for_update(of=["self"], no_key=True).values_list("id", flat=True))


def pending(endpoint: WebhookEndpoint) -> QuerySet[Any]:
    """Returns what the endpoint is still to be sent."""
    return Delivery.objects.filter(endpoint=endpoint, state=DeliveryState.PENDING)


def deliveries_of(
    endpoint: WebhookEndpoint, *, state: str = "", event_type: str = "", since: datetime | None = None
) -> QuerySet[Any]:
    """Returns what the endpoint was to be sent, or what of it is in a state, of a type and not older, newest first."""
    asked = {"state": state, "event_type": event_type, "created_at__gte": since}
    narrowed = {name: value for name, value in asked.items() if value}
    return Delivery.objects.filter(endpoint=endpoint, **narrowed).order_by("-created_at", "-id")


def find_delivery(endpoint: WebhookEndpoint, message_id: str, *, for_change: bool = False) -> Delivery:
    """Returns the message `msg_…` to the endpoint, locked until the commit if it is to be changed.

    Raises `NotFound`.
    """
    found = Delivery.objects.filter(endpoint=endpoint, message_id=message_id)
    row: Delivery | None = (found.select_for_update(of=["self"]) if for_change else found).first()
    if row is None:
        raise NotFound(NO_DELIVERY, body={"error": NO_DELIVERY})
    return row


def attempts_of(delivery: Delivery) -> list[DeliveryAttempt]:
    """Returns how each attempt of a delivery went, the first one first."""
    return list(DeliveryAttempt.objects.filter(delivery=delivery).order_by("number"))


def replayable(endpoint: WebhookEndpoint, since: datetime | None = None) -> QuerySet[Any]:
    """Returns the deliveries that were given up, of the last thirty days or since then."""
    earliest = timezone.now() - REPLAYABLE_FOR
    failed = Delivery.objects.filter(endpoint=endpoint, state=DeliveryState.FAILED)
    return failed.filter(created_at__gte=max(since or earliest, earliest))


def owners_of(rows: Iterable[WebhookEndpoint]) -> dict[UUID, str]:
    """Returns by the endpoints' ids the emails of those who made them and still have an account."""
    owners = {row.id: row.owner_id for row in rows if row.owner_id}
    emails = dict(User.objects.filter(id__in=owners.values()).values_list("id", "email"))
    return {endpoint_id: emails[owner_id] for endpoint_id, owner_id in owners.items() if owner_id in emails}
