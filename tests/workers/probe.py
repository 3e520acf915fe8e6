"""A kind of job for tests of worker processes: it sleeps `PROBE_S` seconds, and that is all (`celery --include`)."""

import os
import time
from uuid import UUID

from loci.tenancy.context import Tenant, tenant_tx
from workers import jobs
from workers.celery import app
from workers.jobs import Claim
from workers.limits import limits
from workers.tasks.running import Kind, run


def work(claim: Claim) -> None:
    time.sleep(float(os.environ["PROBE_S"]))
    with tenant_tx(claim.tenant):
        jobs.finish(claim)


PROBE = Kind(
    limits=limits(60),
    work=work,
    started=lambda claim: None,
    paused=lambda claim: None,
    buried=lambda claim, reason: None,
)


@app.task(name="workers.tasks.probe")
def probe(project_id: str, job_id: str) -> None:
    run(PROBE, Tenant(UUID(project_id)), UUID(job_id))
