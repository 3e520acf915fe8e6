"""What was sent, or given up, is sent again under its own message id; and tests are sent (reliability.md §2.6)."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from loci.errors import DomainError
from loci.tenancy.context import tenant_tx
from orgs import audit
from orgs.queries import Caller
from webhooks.bodies import body_of
from webhooks.models import TEST, Delivery, DeliveryState, WebhookEndpoint
from webhooks.queries import find_delivery, find_endpoint, replayable
from webhooks.queueing import enqueue, enqueue_again
from webhooks.services.endpoints import INACTIVE

MAX_REPLAYED = 5_000
"""Deliveries that one request gives back."""
UNFINISHED = "The message is still being delivered."


@dataclass(frozen=True)
class Replayed:
    """How many failed deliveries are to be sent again, and how many more there are."""

    replayed: int
    left: int


def replay_one(by: Caller, public_id: str, message_id: str) -> Delivery:
    """Sends a message again, whatever became of it.

    Raises `NotFound`, and `DomainError` (409) while it is being sent or its endpoint is not active.
    """
    with tenant_tx(by.tenant):
        endpoint = _active(public_id)
        delivery = find_delivery(endpoint, message_id, for_change=True)
        if delivery.state == DeliveryState.PENDING:
            raise DomainError(UNFINISHED, status=409, body={"error": UNFINISHED})
        _send_again([delivery])
        audit.record(by, "webhook.replay", "webhook", endpoint.public_id, count=1)
        return find_delivery(endpoint, message_id)


def replay_failed(by: Caller, public_id: str, since: datetime) -> Replayed:
    """Sends again what was told since then and given up, the oldest first, at most 5,000 messages.

    Raises `NotFound`, and `DomainError` (409) for an endpoint that is not active.
    """
    with tenant_tx(by.tenant):
        endpoint = _active(public_id)
        failed: QuerySet[Delivery] = replayable(endpoint, since)
        # One statement that sorts once: joined with a list of the oldest, locking 5,000 took seconds.
        oldest = failed.order_by("id").select_for_update(of=["self"], no_key=True)
        chosen = list(oldest.only("id", "endpoint_id", "memory_id")[:MAX_REPLAYED])
        _send_again(chosen)
        audit.record(by, "webhook.replay", "webhook", endpoint.public_id, count=len(chosen))
        return Replayed(len(chosen), failed.count() if len(chosen) == MAX_REPLAYED else 0)


def send_test(by: Caller, public_id: str) -> Delivery:
    """Sends a message that tells of nothing. Raises `NotFound`, and `DomainError` (409) as `replay_failed`."""
    with tenant_tx(by.tenant):
        endpoint = _active(public_id)
        details = {"event": "TEST", "webhook_id": endpoint.public_id, "created_at": timezone.now().isoformat()}
        delivery = Delivery.objects.create(endpoint=endpoint, event_type=TEST, body=body_of(details))
        enqueue([delivery])
        audit.record(by, "webhook.test", "webhook", endpoint.public_id)
        return find_delivery(endpoint, delivery.message_id)


def _active(public_id: str) -> WebhookEndpoint:
    endpoint = find_endpoint(public_id, for_change=True)
    if not endpoint.is_active:
        raise DomainError(INACTIVE, status=409, body={"error": INACTIVE})
    return endpoint


def _send_again(deliveries: list[Delivery]) -> None:
    ids = [delivery.id for delivery in deliveries]
    again = {"state": DeliveryState.PENDING, "next_at": timezone.now(), "finished_at": None}
    Delivery.objects.filter(id__in=ids).update(**again)
    enqueue_again(deliveries)
