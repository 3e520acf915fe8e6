"""The Celery task of deletions."""

from uuid import UUID

from loci.tenancy.context import Tenant
from memories.services.deleting import perform_deletion
from memories.services.events import mark_failed, mark_pending, mark_running
from workers.celery import app
from workers.limits import STEP
from workers.tasks.running import Kind, run

DELETE = Kind(limits=STEP, work=perform_deletion, started=mark_running, paused=mark_pending, buried=mark_failed)


@app.task(name="workers.tasks.delete", soft_time_limit=STEP.soft, time_limit=STEP.hard)
def delete(project_id: str, job_id: str) -> None:
    """Answers the doorbell: takes the next step of the deletion, if one is left."""
    run(DELETE, Tenant(project_id=UUID(project_id)), UUID(job_id))
