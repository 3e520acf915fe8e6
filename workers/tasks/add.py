"""The Celery task of adds."""

from typing import Any
from uuid import UUID

from celery.signals import worker_process_init

from loci.tenancy.context import Tenant
from memories.extraction import warm_up
from memories.services.events import mark_failed, mark_pending, mark_running
from memories.services.reading import perform
from workers.celery import app
from workers.limits import EXTRACTION
from workers.tasks.running import Kind, run

ADD = Kind(limits=EXTRACTION, work=perform, started=mark_running, paused=mark_pending, buried=mark_failed)


@app.task(name="workers.tasks.add", soft_time_limit=EXTRACTION.soft, time_limit=EXTRACTION.hard)
def add(project_id: str, job_id: str) -> None:
    """Answers the doorbell: runs the job if it is still to be done."""
    run(ADD, Tenant(project_id=UUID(project_id)), UUID(job_id))


@worker_process_init.connect
def prepare(**_: Any) -> None:
    """Loads models before the first job of a process: that one should not be slower than the others."""
    warm_up()
