"""The Celery task of invitations."""

from uuid import UUID

from loci.tenancy.context import Tenant
from orgs.services.invitations import mail_invitation
from workers.celery import app
from workers.limits import STEP
from workers.tasks.eventless import eventless
from workers.tasks.running import run

INVITE = eventless(STEP, mail_invitation)


@app.task(name="workers.tasks.invite", soft_time_limit=STEP.soft, time_limit=STEP.hard)
def invite(project_id: str, job_id: str) -> None:
    """Answers the doorbell: mails the invitation, unless that is done."""
    run(INVITE, Tenant(project_id=UUID(project_id)), UUID(job_id))
