"""Adds that are accepted without HTTP, and their life seen from the database."""

from collections.abc import Iterable
from uuid import UUID

import redis
from django.db.models.functions import Now

from loci.tenancy.context import Tenant, tenant_tx
from memories.extraction.base import InputMessage
from memories.models import Event, Memory
from memories.scope import Scope
from memories.services.accepting import AddRequest, accept_add
from tests.conftest import Services
from workers.models import Job, JobState

USERS = 25


def accept(tenant: Tenant, texts: Iterable[str]) -> list[UUID]:
    """Has every text queued as one add, of several users in turn, and returns their events."""
    return [
        accept_add(tenant, AddRequest(Scope(user_id=f"user-{number % USERS}"), (InputMessage("user", text),))).event_id
        for number, text in enumerate(texts)
    ]


def with_status(tenant: Tenant, events: Iterable[UUID], status: str) -> int:
    """Returns how many of the events have this status."""
    with tenant_tx(tenant):
        return Event.objects.filter(id__in=list(events), status=status).count()


def remembered(tenant: Tenant) -> list[str]:
    """Returns the texts of all memories."""
    with tenant_tx(tenant):
        return sorted(Memory.objects.values_list("text", flat=True))


def cut_waits_short(services: Services, tenant: Tenant) -> None:
    """Lets what waits be due now, as if its time had passed: open circuits and pauses between attempts."""
    with redis.Redis.from_url(services.valkey.url) as client:
        for circuit in client.scan_iter(match="circuit:*"):
            client.delete(circuit)
    with tenant_tx(tenant):
        Job.objects.filter(state=JobState.PENDING, not_before__gt=Now()).update(not_before=Now())
