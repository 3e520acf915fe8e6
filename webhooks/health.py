"""The health of endpoints: since when one has been failing, and what follows from it (reliability.md §2.6)."""

from datetime import datetime, timedelta

from django.db.models.functions import Now
from django.utils import timezone

from loci.observability import metrics
from loci.tenancy.context import tenant_tx
from orgs import audit
from orgs.services.mailing import of_organization, send_mail
from orgs.services.owners import emails_of_owners
from webhooks.models import DeliveryState, EventType, WebhookEndpoint
from webhooks.queries import pending
from webhooks.queueing import FAILING_AFTER, end_unsent, keep_to_one_lane, withdraw
from workers import jobs
from workers.jobs import Claim
from workers.outcomes import Notice, notify

PATIENCE = timedelta(hours=120)
"""How long an endpoint may do nothing but fail."""
GONE_STATUS = 410

GONE = "The endpoint answered that it is gone (410)."
DEAD = "All deliveries of five days failed."
DISABLED = "The endpoint was disabled."
SUBJECT = "A webhook was disabled"


def note_success(endpoint: WebhookEndpoint) -> None:
    """Ends the endpoint's failures, if it had any."""
    WebhookEndpoint.objects.filter(id=endpoint.id, first_failure_at__isnull=False).update(first_failure_at=None)


def note_failure(endpoint: WebhookEndpoint, at: datetime, lane: str | None) -> None:
    """Notes when the endpoint's failures began, if that was now. One that is failing keeps one lane."""
    since = endpoint.first_failure_at
    if since is None:
        WebhookEndpoint.objects.filter(id=endpoint.id, first_failure_at=None).update(first_failure_at=at)
    elif at - since > FAILING_AFTER:
        keep_to_one_lane(endpoint.id, lane)


def reason_to_disable(endpoint: WebhookEndpoint, status: int | None, at: datetime) -> str:
    """Returns why an endpoint that failed with `status` is to be told nothing more, or an empty string."""
    if status == GONE_STATUS:
        return GONE
    since = endpoint.first_failure_at
    return DEAD if since is not None and at - since >= PATIENCE else ""


def disable(endpoint: WebhookEndpoint, reason: str) -> None:
    """Disables a failing endpoint, last in a `tenant_tx` that knows the organization.

    What waits for it is given up, and may be replayed when it is active again. The owners get a mail, and the project's
    other endpoints a message. Does nothing where a person was first, or a delivery has gone well in the meantime.
    """
    found = WebhookEndpoint.objects.filter(id=endpoint.id, is_active=True, deleted_at=None)
    if reason == DEAD:
        found = found.filter(first_failure_at=endpoint.first_failure_at)
    if not found.update(is_active=False, disabled_at=Now(), disabled_reason=reason, updated_at=timezone.now()):
        return
    _give_up_waiting(endpoint)
    jobs.enqueue(kind="disabled", queue="maintenance", event_id=endpoint.id, not_before=timezone.now())
    said = {"event": "ENDPOINT_DISABLED", "webhook_id": endpoint.public_id, "name": endpoint.name, "reason": reason}
    notify([Notice(EventType.ENDPOINT_DISABLED, said)])
    metrics.ENDPOINTS_DISABLED.inc()
    audit.record(audit.SYSTEM, "webhook.disable", "webhook", endpoint.public_id, reason=reason)


def _give_up_waiting(endpoint: WebhookEndpoint) -> None:
    """Gives up all that waits for the endpoint. What is being posted at the moment may still be delivered."""
    end_unsent(pending(endpoint), DeliveryState.FAILED, DISABLED)
    withdraw(endpoint.id, DISABLED)


def mail_disabled_endpoint(claim: Claim) -> None:
    """Does a claimed job: tells the organization's owners. Raises `DependencyError` and `Fenced`."""
    tenant = of_organization(claim.tenant)
    with tenant_tx(tenant):
        endpoint = WebhookEndpoint.objects.select_related("project").filter(id=claim.event_id).first()
        owners = emails_of_owners() if endpoint else []
    for email in owners:
        send_mail([email], SUBJECT, "disabled_webhook", {"endpoint": endpoint})
    with tenant_tx(tenant):
        jobs.finish(claim)
