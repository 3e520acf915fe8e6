"""The Celery task of erasures."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from loci.tenancy.context import Tenant
from orgs.services.erasing import perform_erasure
from workers import jobs
from workers.celery import app
from workers.jobs import Claim
from workers.limits import STEP
from workers.tasks.eventless import eventless
from workers.tasks.running import run

TRIED_AGAIN_AFTER = timedelta(hours=6)


def _try_again(claim: Claim, _reason: str) -> None:
    """Erasure is owed: a dead job is followed by another."""
    due = timezone.now() + TRIED_AGAIN_AFTER
    jobs.enqueue(kind=claim.kind, queue=claim.queue, event_id=claim.event_id, not_before=due)


ERASE = replace(eventless(STEP, perform_erasure), buried=_try_again)


@app.task(name="workers.tasks.erase", soft_time_limit=STEP.soft, time_limit=STEP.hard)
def erase(project_id: str, job_id: str) -> None:
    """Answers the doorbell: takes the next step of the erasure, if one is left."""
    run(ERASE, Tenant(project_id=UUID(project_id)), UUID(job_id))
