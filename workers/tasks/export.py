"""The Celery task of exports."""

from uuid import UUID

from loci.tenancy.context import Tenant
from memories.exports.finishing import fail
from memories.exports.performing import perform_export
from memories.services.events import mark_pending, mark_running
from workers.celery import app
from workers.limits import EXTRACTION
from workers.tasks.running import Kind, run

EXPORT = Kind(limits=EXTRACTION, work=perform_export, started=mark_running, paused=mark_pending, buried=fail)


@app.task(name="workers.tasks.export", soft_time_limit=EXTRACTION.soft, time_limit=EXTRACTION.hard)
def export(project_id: str, job_id: str) -> None:
    """Answers the doorbell: takes the next step of the export, if one is left."""
    run(EXPORT, Tenant(project_id=UUID(project_id)), UUID(job_id))
