"""The Celery task that looks for profiles whose memories have changed."""

from uuid import UUID

from loci.tenancy.context import Tenant
from memories.services.refreshing import perform_refresh
from workers.celery import app
from workers.limits import STEP
from workers.tasks.eventless import eventless
from workers.tasks.running import run

PROFILES = eventless(STEP, perform_refresh)


@app.task(name="workers.tasks.profiles", soft_time_limit=STEP.soft, time_limit=STEP.hard)
def profiles(project_id: str, job_id: str) -> None:
    """Answers the doorbell: looks at the next of the project's profiles, if any are left."""
    run(PROFILES, Tenant(project_id=UUID(project_id)), UUID(job_id))
