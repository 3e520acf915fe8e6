"""Endpoints are made, changed and removed, and their secrets shown and replaced (contract.md §11)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from loci.errors import DomainError
from loci.tenancy.context import current_project_id, tenant_tx
from orgs import audit
from orgs.models import Project
from orgs.queries import Caller
from webhooks.models import DeliveryState, WebhookEndpoint
from webhooks.queries import endpoints, find_endpoint, lock_deliveries, pending, replayable
from webhooks.queueing import end_unsent
from webhooks.signing_secrets import Secret, keep, live_secrets, new_secret, replace

MAX_ENDPOINTS = 20
TOO_MANY = f"A project may have {MAX_ENDPOINTS} webhooks."
INACTIVE = "The webhook is not active."
REMOVED = "The webhook was deleted."

HEALTHY: Mapping[str, Any] = {"first_failure_at": None, "disabled_at": None, "disabled_reason": ""}


@dataclass(frozen=True)
class NewEndpoint:
    """An endpoint that was just made, and what its messages are signed with."""

    row: WebhookEndpoint
    secret: str


@dataclass(frozen=True)
class Changed:
    """An endpoint as it is now. `replayable` counts what it missed, if it was just made active again."""

    row: WebhookEndpoint
    replayable: int | None = None


def create_endpoint(by: Caller, **columns: Any) -> NewEndpoint:
    """Makes an endpoint in the caller's project. Raises `DomainError` (400) for one too many."""
    with tenant_tx(by.tenant):
        # One after another: two at once would both find that there is room.
        Project.objects.select_for_update(no_key=True).get(id=current_project_id())
        if endpoints().count() >= MAX_ENDPOINTS:
            raise DomainError(TOO_MANY, body={"error": TOO_MANY})
        endpoint = WebhookEndpoint(owner_id=by.user_id, **columns)
        secret = new_secret()
        keep(endpoint, [secret])
        endpoint.save(force_insert=True)
        endpoint.refresh_from_db(fields=["created_at"])
        audit.record(by, "webhook.create", "webhook", endpoint.public_id, event_types=endpoint.event_types)
        return NewEndpoint(endpoint, secret.text)


def change_endpoint(by: Caller, public_id: str, changes: Mapping[str, Any]) -> Changed:
    """Changes `name`, `url`, `event_types` or `is_active`. Raises `NotFound`.

    An endpoint that is made inactive gives up what it is still to be sent. That can be replayed once it is active
    again; then no failure counts against it any more.
    """
    with tenant_tx(by.tenant):
        endpoint = find_endpoint(public_id, for_change=True)
        was_active = endpoint.is_active
        for name, value in changes.items():
            setattr(endpoint, name, value)
        is_back, is_out = endpoint.is_active and not was_active, was_active and not endpoint.is_active
        for name, value in HEALTHY.items() if is_back else ():
            setattr(endpoint, name, value)
        endpoint.updated_at = timezone.now()
        endpoint.save(force_update=True)
        if is_out:
            _end_pending(endpoint, DeliveryState.FAILED, INACTIVE)
        missed = replayable(endpoint).count() if is_back else None
        audit.record(by, "webhook.update", "webhook", endpoint.public_id, changed=sorted(changes))
        return Changed(endpoint, missed)


def delete_endpoint(by: Caller, public_id: str) -> None:
    """Removes an endpoint with its secrets, and cancels what it was still to be sent. Raises `NotFound`."""
    with tenant_tx(by.tenant):
        endpoint = find_endpoint(public_id, for_change=True)
        now = timezone.now()
        gone = {"deleted_at": now, "updated_at": now, "is_active": False, "secrets": ""}
        WebhookEndpoint.objects.filter(id=endpoint.id).update(**gone)
        _end_pending(endpoint, DeliveryState.CANCELLED, REMOVED)
        audit.record(by, "webhook.delete", "webhook", endpoint.public_id)


def show_secrets(by: Caller, public_id: str) -> list[Secret]:
    """Returns what the endpoint's messages are signed with now, newest first; the audit log says who asked.

    Raises `NotFound`.
    """
    with tenant_tx(by.tenant):
        endpoint = find_endpoint(public_id)
        secrets = live_secrets(endpoint)
        audit.record(by, "webhook.show_secret", "webhook", endpoint.public_id)
        return secrets


def rotate_secret(by: Caller, public_id: str, *, overlap: timedelta) -> Secret:
    """Gives the endpoint a new secret and returns it; those before it sign beside it for `overlap`.

    Raises `NotFound`.
    """
    with tenant_tx(by.tenant):
        endpoint = find_endpoint(public_id, for_change=True)
        secret = replace(endpoint, overlap=overlap)
        endpoint.updated_at = timezone.now()
        endpoint.save(update_fields=["secrets", "updated_at"])
        hours = int(overlap.total_seconds()) // 3600
        audit.record(by, "webhook.rotate_secret", "webhook", endpoint.public_id, overlap_hours=hours)
        return secret


def _end_pending(endpoint: WebhookEndpoint, state: DeliveryState, reason: str) -> None:
    lock_deliveries(pending(endpoint))
    end_unsent(pending(endpoint), state, reason)
