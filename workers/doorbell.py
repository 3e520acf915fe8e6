"""Rings for a job: a Celery message that says `(project_id, job_id)` and nothing else (design.md §5)."""

import logging
import math
import time
from contextlib import suppress
from uuid import UUID

from django.db import DatabaseError
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.pools import ProducerPool, producers

from loci.tenancy.context import Tenant, tenant_tx
from workers import jobs
from workers.celery import app
from workers.models import Job

logger = logging.getLogger(__name__)

PATIENCE_S = 0.3
"""Nothing is waited for longer than this: a request that stored its job must not hang on Redis."""

QUIET_S = 1.0
"""After a failure nobody rings for this long: the dispatcher does, when Redis is back."""

TURNS = len(app.conf.broker_transport_options["priority_steps"])

_unheard_at = -math.inf


def ring(*, kind: str, queue: str, project_id: UUID, job_id: UUID, turn: int = 1) -> bool:
    """Rings, best effort and at most about 300 ms; returns whether it was heard. A lost ring costs time, never work.

    By `turn`, counted from 1, the first of every project are answered before the later ones of any.
    """
    global _unheard_at  # noqa: PLW0603 - one process-wide pause
    if heard_for() < QUIET_S:
        return False
    try:
        with _producers().acquire(block=True, timeout=PATIENCE_S) as producer:
            app.send_task(
                f"workers.tasks.{kind}",
                args=[str(project_id), str(job_id)],
                queue=queue,
                priority=min(turn, TURNS) - 1,  # With Redis as the broker, lower numbers come first.
                producer=producer,
                retry=False,
            )
    except (OperationalError, LimitExceeded, OSError) as error:
        _unheard_at = time.monotonic()
        logger.warning("doorbell.silent", extra={"error": type(error).__name__})
        return False
    return True


def announce(tenant: Tenant, job: Job, *, turn: int = 1) -> None:
    """Rings for a job that was marked published; where nobody hears, the dispatcher is left to do it."""
    if not ring(kind=job.kind, queue=job.queue, project_id=tenant.project_id, job_id=job.id, turn=turn):
        with suppress(DatabaseError), tenant_tx(tenant):
            jobs.unpublish(job.id)


def heard_for() -> float:
    """Returns the seconds since a ring of this process went unheard, infinite where none did."""
    return time.monotonic() - _unheard_at


def _producers() -> ProducerPool:
    """The pool of connections that give up at once; the workers' own wait for Redis as long as it takes."""
    patience = {"socket_timeout": PATIENCE_S, "socket_connect_timeout": PATIENCE_S, "max_retries": 0}
    options = {"priority_steps": app.conf.broker_transport_options["priority_steps"], **patience}
    return producers[app.connection_for_write(transport_options=options)]
