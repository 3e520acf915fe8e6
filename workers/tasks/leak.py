"""The Celery task that tells of leaked keys."""

from uuid import UUID

from loci.tenancy.context import Tenant
from orgs.services.leaks import mail_leaked_key
from workers.celery import app
from workers.limits import STEP
from workers.tasks.eventless import eventless
from workers.tasks.running import run

LEAK = eventless(STEP, mail_leaked_key)


@app.task(name="workers.tasks.leak", soft_time_limit=STEP.soft, time_limit=STEP.hard)
def leak(project_id: str, job_id: str) -> None:
    """Answers the doorbell: mails those whom the leaked key concerns, unless that is done."""
    run(LEAK, Tenant(project_id=UUID(project_id)), UUID(job_id))
