"""The Celery task of deliveries."""

from dataclasses import replace
from uuid import UUID

from loci.tenancy.context import Tenant
from webhooks.delivering import give_up, perform_delivery
from workers.celery import app
from workers.limits import limits
from workers.tasks.eventless import eventless
from workers.tasks.running import run

DELIVER = replace(eventless(limits(16), perform_delivery), buried=give_up)


# Threads cannot be interrupted: what a post may take is a matter of its own deadline.
@app.task(name="workers.tasks.deliver")
def deliver(project_id: str, job_id: str) -> None:
    """Answers the doorbell: makes the next attempt of the delivery, if one is due."""
    run(DELIVER, Tenant(project_id=UUID(project_id)), UUID(job_id))
