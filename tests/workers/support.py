"""Jobs as the tests of durable work make them and look at them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import redis

from loci.tenancy.context import Tenant, tenant_tx
from tests.conftest import Services
from workers import jobs
from workers.jobs import Claim
from workers.limits import limits
from workers.models import Job
from workers.tasks.running import Kind

LEASE_S = 60


def new_job(tenant: Tenant, *, lane: str | None = None, queue: str = "extraction", **columns: Any) -> UUID:
    """Stores a job that nobody was told of, with these columns, and returns its id."""
    with tenant_tx(tenant):
        job: Job = Job.objects.create(kind="probe", queue=queue, lane=lane)
        Job.objects.filter(id=job.id).update(**columns)
        return job.id


def row(tenant: Tenant, job_id: UUID) -> Job:
    with tenant_tx(tenant):
        return Job.objects.get(id=job_id)


def change(tenant: Tenant, job_id: UUID, **columns: Any) -> None:
    with tenant_tx(tenant):
        Job.objects.filter(id=job_id).update(**columns)


def take(tenant: Tenant, job_id: UUID) -> Claim:
    """Claims a job that is free."""
    with tenant_tx(tenant):
        claim = jobs.claim(tenant, job_id, LEASE_S)
    assert claim is not None
    return claim


def finishing(claim: Claim) -> None:
    """The least that a kind can do."""
    with tenant_tx(claim.tenant):
        jobs.finish(claim)


def unmourned(_claim: Claim, _reason: str) -> None:
    """A burial that nobody hears of."""


def kind(work: Callable[[Claim], None] = finishing, buried: Callable[[Claim, str], None] = unmourned) -> Kind:
    """A kind of job that does `work`."""
    return Kind(
        limits=limits(LEASE_S), work=work, started=lambda _claim: None, paused=lambda _claim: None, buried=buried
    )


def rings(services: Services, queue: str = "extraction") -> int:
    """Returns how many rings of this queue nobody heard yet, whatever their turn."""
    with redis.Redis.from_url(services.valkey.url) as client:
        return sum(int(client.llen(key)) for key in client.scan_iter(f"{queue}*", _type="list"))


def silence(services: Services) -> None:
    """Forgets all rings."""
    with redis.Redis.from_url(services.valkey.url) as client:
        client.flushall()
