"""The Celery task of retention."""

from uuid import UUID

from loci.tenancy.context import Tenant
from workers.celery import app
from workers.limits import STEP
from workers.retention import perform_retention
from workers.tasks.eventless import eventless
from workers.tasks.running import run

RETENTION = eventless(STEP, perform_retention)


@app.task(name="workers.tasks.retention", soft_time_limit=STEP.soft, time_limit=STEP.hard)
def retention(project_id: str, job_id: str) -> None:
    """Answers the doorbell: takes the next step of pruning the project, if one is left."""
    run(RETENTION, Tenant(project_id=UUID(project_id)), UUID(job_id))
