"""One run of one job: claim, work, and whatever ends it (design.md §3, reliability.md §2.3)."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils import timezone

from loci.errors import DependencyError, NotNow
from loci.net.spending import metered
from loci.observability import context, metrics
from loci.observability.process import report_exception
from loci.tenancy.context import Tenant, tenant_tx
from workers import jobs, watchdog
from workers.doorbell import announce
from workers.jobs import Claim, Fenced, LaneBusy, PutBack, Spent, Unfinished
from workers.limits import Limits
from workers.tasks.spending import JobMeter

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kind:
    """How jobs of one kind are done.

    `work` runs outside of any transaction and ends with `jobs.finish` in its one commit. `started`, `paused` and
    `buried` run inside the transaction that claims the job, puts it back or declares it dead. Long work raises
    `jobs.Unfinished` after each step.
    """

    limits: Limits
    work: Callable[[Claim], None]
    started: Callable[[Claim], None]
    paused: Callable[[Claim], None]
    buried: Callable[[Claim, str], None]


def run(kind: Kind, tenant: Tenant, job_id: UUID) -> bool:
    """Runs the job, if it is due and its lane is free; returns whether it was claimed.

    Called twice, also at the same time, it has the effect of one call.
    """
    claim = _claim(kind, tenant, job_id)
    if claim is None:
        return False
    jobs.held.add(claim)
    with context.bound(job=str(job_id), kind=claim.kind):
        try:
            _count(claim, _work(kind, claim))
        except PutBack:
            _count(claim, "repeated")
        except Fenced:
            logger.warning("job.fenced")
            _count(claim, "fenced")
        finally:
            jobs.held.discard(claim)
            _ring_next(claim)
    return True


def _count(claim: Claim, outcome: str) -> None:
    metrics.JOBS_FINISHED.labels(claim.kind, outcome).inc()
    if outcome in {"done", "dead"}:
        metrics.JOB_SECONDS.labels(claim.kind).observe((timezone.now() - claim.created_at).total_seconds())


def _claim(kind: Kind, tenant: Tenant, job_id: UUID) -> Claim | None:
    try:
        with tenant_tx(tenant):
            claim = jobs.claim(tenant, job_id, kind.limits.lease)
            if claim is not None:
                kind.started(claim)
    except LaneBusy:
        with tenant_tx(tenant):
            jobs.unpublish(job_id)
        return None
    watchdog.note_claim()
    return claim


def _work(kind: Kind, claim: Claim) -> str:
    """Returns how the run ended."""
    if reason := jobs.is_exhausted(claim):
        return _bury(kind, claim, reason)
    meter = JobMeter(claim)
    try:
        with metered(meter):
            kind.work(claim)
    except Unfinished as step:
        return _give_back(kind, claim, after_s=step.after_s)
    except NotNow as error:
        meter.forget_run()
        return _give_back(kind, claim, after_s=error.retry_after or 0)
    except (DependencyError, OperationalError, InterfaceError, SoftTimeLimitExceeded, Spent) as error:
        return _postpone(kind, claim, error)
    except (Fenced, PutBack):
        raise
    except Exception as error:
        logger.exception("job.failed")
        report_exception(error)
        with tenant_tx(claim.tenant):
            jobs.retry(claim, type(error).__name__)
            kind.paused(claim)
        return "failed"
    except BaseException:
        # SystemExit: the worker is told to stop. The job was not at fault, and another worker takes it at once.
        # Where the stop came just after the commit there is nothing to give back; else the lease ends by itself.
        with suppress(Fenced, DatabaseError):
            _give_back(kind, claim)
        raise
    return "done"


def _give_back(kind: Kind, claim: Claim, *, after_s: float = 0) -> str:
    with tenant_tx(claim.tenant):
        jobs.give_back(claim, after_s=after_s)
        kind.paused(claim)
    return "given back"


def _postpone(kind: Kind, claim: Claim, error: Exception) -> str:
    # The text of a failed dependency says what failed and quotes no data; others may.
    said = {"reason": str(error)} if isinstance(error, DependencyError) else {}
    logger.warning("job.postponed", extra={"error": type(error).__name__, **said})
    if reason := _is_final(error) or jobs.is_exhausted(replace(claim, soft=claim.soft + 1)):
        return _bury(kind, claim, reason)
    with tenant_tx(claim.tenant):
        jobs.postpone(claim, type(error).__name__, retry_after=getattr(error, "retry_after", None))
        kind.paused(claim)
    return "postponed"


def _is_final(error: Exception) -> str:
    return str(error) if isinstance(error, Spent) else ""


def _bury(kind: Kind, claim: Claim, reason: str) -> str:
    logger.error("job.dead", extra={"reason": reason})
    with tenant_tx(claim.tenant):
        jobs.bury(claim, reason)
        kind.buried(claim, reason)
    return "dead"


def _ring_next(claim: Claim) -> None:
    """Best effort, like every ring: the dispatcher would find the job too."""
    if claim.lane is None:
        return
    with suppress(DatabaseError):
        with tenant_tx(claim.tenant):
            job = jobs.publish_next(claim.queue, claim.lane)
        if job is not None:
            # Its project just had a turn: others come first.
            announce(claim.tenant, job, turn=jobs.MAX_PUBLISHED)
