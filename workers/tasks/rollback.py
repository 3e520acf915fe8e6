"""The Celery task of rollbacks."""

from uuid import UUID

from loci.tenancy.context import Tenant
from memories.services.events import mark_failed, mark_pending, mark_running
from memories.services.rolling_back import perform_rollback
from workers.celery import app
from workers.limits import STEP
from workers.tasks.running import Kind, run

ROLLBACK = Kind(limits=STEP, work=perform_rollback, started=mark_running, paused=mark_pending, buried=mark_failed)


@app.task(name="workers.tasks.rollback", soft_time_limit=STEP.soft, time_limit=STEP.hard)
def rollback(project_id: str, job_id: str) -> None:
    """Answers the doorbell: takes the next step of the rollback, if one is left."""
    run(ROLLBACK, Tenant(project_id=UUID(project_id)), UUID(job_id))
