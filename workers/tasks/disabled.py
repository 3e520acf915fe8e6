"""The Celery task that tells of disabled webhooks."""

from uuid import UUID

from loci.tenancy.context import Tenant
from webhooks.health import mail_disabled_endpoint
from workers.celery import app
from workers.limits import STEP
from workers.tasks.eventless import eventless
from workers.tasks.running import run

DISABLED = eventless(STEP, mail_disabled_endpoint)


@app.task(name="workers.tasks.disabled", soft_time_limit=STEP.soft, time_limit=STEP.hard)
def disabled(project_id: str, job_id: str) -> None:
    """Answers the doorbell: mails the owners of the organization, unless that is done."""
    run(DISABLED, Tenant(project_id=UUID(project_id)), UUID(job_id))
