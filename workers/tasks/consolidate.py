"""The Celery task of consolidations."""

from uuid import UUID

from loci.tenancy.context import Tenant
from memories.services.consolidating import perform_consolidation
from workers.celery import app
from workers.limits import EXTRACTION
from workers.tasks.eventless import eventless
from workers.tasks.running import run

CONSOLIDATE = eventless(EXTRACTION, perform_consolidation)
"""A model may be asked in a step, which takes as long as in an add."""


@app.task(name="workers.tasks.consolidate", soft_time_limit=EXTRACTION.soft, time_limit=EXTRACTION.hard)
def consolidate(project_id: str, job_id: str) -> None:
    """Answers the doorbell: takes the next step of the consolidation, if one is left."""
    run(CONSOLIDATE, Tenant(project_id=UUID(project_id)), UUID(job_id))
