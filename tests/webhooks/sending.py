"""Endpoints and deliveries as rows, and the life of a delivery with the clock moved instead of waited for."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from loci.tenancy.context import Tenant, tenant_tx
from webhooks.models import Delivery, DeliveryAttempt, EventType, WebhookEndpoint
from webhooks.queueing import enqueue
from webhooks.signing_secrets import Secret, keep, new_secret
from workers.models import Job, JobState
from workers.tasks.deliver import DELIVER
from workers.tasks.running import run

BODY = '{"event_details":{"id":"1","data":{"memory":"Name is Alex — ✓"},"event":"ADD"}}'


def new_endpoint(tenant: Tenant, url: str, *, secret: Secret | None = None, **columns: Any) -> WebhookEndpoint:
    """Stores an endpoint, also one that the API would not take, and returns it."""
    with tenant_tx(tenant):
        endpoint = WebhookEndpoint(name="mine", url=url, event_types=list(EventType), **columns)
        keep(endpoint, [secret or new_secret()])
        endpoint.save(force_insert=True)
    return endpoint


def new_deliveries(tenant: Tenant, endpoint: WebhookEndpoint, count: int, **columns: Any) -> list[Delivery]:
    """Stores deliveries with their jobs, as what happens in a project does."""
    with tenant_tx(tenant):
        deliveries = [
            Delivery(endpoint=endpoint, **{"event_type": "memory_add", "body": BODY, "memory_id": uuid4(), **columns})
            for _ in range(count)
        ]
        Delivery.objects.bulk_create(deliveries)
        enqueue(deliveries)
    return deliveries


def new_delivery(tenant: Tenant, endpoint: WebhookEndpoint, **columns: Any) -> Delivery:
    (delivery,) = new_deliveries(tenant, endpoint, 1, **columns)
    return delivery


def job_of(tenant: Tenant, delivery: Delivery) -> Job:
    """The newest job of a delivery."""
    with tenant_tx(tenant):
        return Job.objects.filter(event_id=delivery.id).order_by("-created_at", "-id")[0]


def attempt(tenant: Tenant, delivery: Delivery) -> Delivery:
    """Makes the next attempt as a worker does, however long it would have to wait, and returns the delivery."""
    job = job_of(tenant, delivery)
    with tenant_tx(tenant):
        Job.objects.filter(id=job.id, state=JobState.PENDING).update(not_before=Now())
    run(DELIVER, Tenant(tenant.project_id), job.id)
    return stored(tenant, delivery)


def stored(tenant: Tenant, delivery: Delivery) -> Delivery:
    with tenant_tx(tenant):
        return Delivery.objects.get(id=delivery.id)


def stored_endpoint(tenant: Tenant, endpoint: WebhookEndpoint) -> WebhookEndpoint:
    with tenant_tx(tenant):
        return WebhookEndpoint.objects.get(id=endpoint.id)


def change_endpoint(tenant: Tenant, endpoint: WebhookEndpoint, **columns: Any) -> None:
    with tenant_tx(tenant):
        WebhookEndpoint.objects.filter(id=endpoint.id).update(**columns)


def attempts(tenant: Tenant, delivery: Delivery) -> list[DeliveryAttempt]:
    with tenant_tx(tenant):
        return list(DeliveryAttempt.objects.filter(delivery=delivery).order_by("number"))


def pass_time(tenant: Tenant, endpoint: WebhookEndpoint, time: timedelta) -> None:
    """Lets the endpoint's failures have begun so much earlier."""
    change_endpoint(tenant, endpoint, first_failure_at=F("first_failure_at") - time)


def seconds_until_due(tenant: Tenant, delivery: Delivery) -> float:
    """How long the delivery's job has to wait."""
    return (job_of(tenant, delivery).not_before - timezone.now()).total_seconds()


def open_jobs(tenant: Tenant) -> dict[UUID | None, Job]:
    """The jobs of deliveries that have not ended, by delivery."""
    with tenant_tx(tenant):
        return {job.event_id: job for job in Job.objects.filter(kind="deliver", state__in=["pending", "running"])}
