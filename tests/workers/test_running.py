import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError
from django.utils import timezone

from loci.errors import DependencyError
from loci.tenancy.context import Tenant, tenant_tx
from tests.conftest import Services
from tests.workers.support import change, finishing, kind, new_job, rings, row, take
from workers import jobs
from workers.jobs import Claim
from workers.limits import MAX_CRASHES, MAX_SOFT_FAILURES
from workers.models import JobState
from workers.tasks.running import Kind, run

AN_HOUR_AGO = timedelta(hours=-1)


def failing(error: BaseException) -> Callable[[Claim], None]:
    def work(_claim: Claim) -> None:
        raise error

    return work


class Counting:
    """Work that does the least, and counts how often."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, claim: Claim) -> None:
        self.count += 1
        finishing(claim)


def test_a_run_does_the_work_and_ends_the_job(tenant: Tenant) -> None:
    job_id = new_job(tenant)
    assert run(kind(), tenant, job_id)
    assert row(tenant, job_id).state == JobState.DONE


def test_a_second_ring_for_a_done_job_does_nothing(tenant: Tenant) -> None:
    job_id, work = new_job(tenant), Counting()
    probe = kind(work=work)
    assert [run(probe, tenant, job_id) for _ in range(5)] == [True, False, False, False, False]
    assert work.count == 1


def test_many_runs_at_once_have_one_effect(tenant: Tenant) -> None:
    job_id, work, together = new_job(tenant), Counting(), threading.Barrier(5)
    probe = kind(work=work)

    def ring() -> bool:
        together.wait()
        return run(probe, tenant, job_id)

    with ThreadPoolExecutor(5) as threads:
        claimed = [each.result() for each in [threads.submit(ring) for _ in range(5)]]
    assert (claimed.count(True), work.count) == (1, 1)


def test_work_that_outlives_its_lease_is_not_committed(tenant: Tenant) -> None:
    job_id, other_job = new_job(tenant), new_job(tenant)

    def slow(claim: Claim) -> None:
        change(tenant, job_id, lease_until=timezone.now() + AN_HOUR_AGO)
        take(tenant, job_id)
        with tenant_tx(tenant):
            jobs.enqueue(kind="follow-up", queue="graph")
            change(tenant, other_job, last_error="touched")
            jobs.finish(claim)

    assert run(kind(work=slow), tenant, job_id)
    assert row(tenant, job_id).state == JobState.RUNNING
    assert row(tenant, other_job).last_error == ""


@pytest.mark.parametrize(
    "error",
    [DependencyError("The model is away."), OperationalError("The database is away."), SoftTimeLimitExceeded()],
    ids=["model", "database", "time"],
)
def test_a_failed_dependency_puts_the_job_back_for_later(tenant: Tenant, error: Exception) -> None:
    job_id = new_job(tenant, published_at=timezone.now())
    run(kind(work=failing(error)), tenant, job_id)
    job = row(tenant, job_id)
    assert (job.state, job.soft, job.attempt, job.published_at) == (JobState.PENDING, 1, 1, None)
    assert job.not_before > timezone.now()
    assert job.last_error == type(error).__name__


def test_a_dependency_that_keeps_failing_ends_the_job(tenant: Tenant) -> None:
    job_id, told = new_job(tenant), []
    probe = kind(work=failing(DependencyError("no")), buried=lambda _claim, reason: told.append(reason))
    assert _runs_until_dead(tenant, job_id, probe) == MAX_SOFT_FAILURES
    assert told == ["A dependency kept failing."]


def test_a_job_that_raises_is_tried_again_and_then_dead(tenant: Tenant) -> None:
    job_id, told = new_job(tenant), []
    probe = kind(work=failing(ZeroDivisionError("secret")), buried=lambda _claim, reason: told.append(reason))
    assert _runs_until_dead(tenant, job_id, probe) == MAX_CRASHES + 1
    assert told == ["The job crashed its worker again and again."]
    assert "secret" not in row(tenant, job_id).last_error


def test_a_job_that_kills_its_worker_is_dead_after_five_crashes(tenant: Tenant) -> None:
    job_id, work, told = new_job(tenant), Counting(), []
    for _ in range(MAX_CRASHES):
        take(tenant, job_id)
        change(tenant, job_id, lease_until=timezone.now() + AN_HOUR_AGO)
    run(kind(work=work, buried=lambda _claim, reason: told.append(reason)), tenant, job_id)
    assert row(tenant, job_id).state == JobState.DEAD
    assert (work.count, told) == (0, ["The job crashed its worker again and again."])


def test_crashes_and_failed_dependencies_are_counted_apart(tenant: Tenant) -> None:
    job_id = new_job(tenant, attempt=MAX_CRASHES + 9, soft=10)
    run(kind(), tenant, job_id)
    assert row(tenant, job_id).state == JobState.DONE


def test_what_the_burial_does_is_part_of_its_commit(tenant: Tenant) -> None:
    job_id, other_job = new_job(tenant, attempt=MAX_CRASHES), new_job(tenant)

    def buried(claim: Claim, _reason: str) -> None:
        change(tenant, other_job, last_error="touched")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(kind(buried=buried), tenant, job_id)
    assert row(tenant, other_job).last_error == ""
    assert row(tenant, job_id).state == JobState.RUNNING


def test_a_worker_that_is_told_to_stop_gives_the_job_back(tenant: Tenant) -> None:
    job_id = new_job(tenant)
    with pytest.raises(SystemExit):
        run(kind(work=failing(SystemExit())), tenant, job_id)
    job = row(tenant, job_id)
    assert (job.state, job.attempt, job.soft) == (JobState.PENDING, 0, 0)
    assert run(kind(), tenant, job_id)


def test_a_stop_just_after_the_commit_leaves_the_job_done(tenant: Tenant) -> None:
    job_id = new_job(tenant)

    def work(claim: Claim) -> None:
        finishing(claim)
        raise SystemExit

    with pytest.raises(SystemExit):
        run(kind(work=work), tenant, job_id)
    assert row(tenant, job_id).state == JobState.DONE


def test_a_busy_lane_leaves_the_job_to_whoever_ends_the_lane(tenant: Tenant, services: Services) -> None:
    first = new_job(tenant, lane="user:alex")
    second = new_job(tenant, lane="user:alex", published_at=timezone.now())
    seen: list[object] = []

    def work(claim: Claim) -> None:
        seen.append(run(kind(), tenant, second))
        seen.append(row(tenant, second).published_at)
        finishing(claim)

    run(kind(work=work), tenant, first)
    assert seen == [False, None]
    assert row(tenant, second).published_at is not None
    assert rings(services) == 1


@pytest.mark.parametrize("error", [DependencyError("no"), ZeroDivisionError()], ids=["soft", "crash"])
def test_a_job_that_backs_off_is_overtaken(tenant: Tenant, services: Services, error: Exception) -> None:
    first, second = new_job(tenant, lane="user:alex"), new_job(tenant, lane="user:alex")
    run(kind(work=failing(error)), tenant, first)
    assert row(tenant, first).published_at is None
    assert row(tenant, second).published_at is not None
    assert rings(services) == 1


def test_a_job_without_a_lane_rings_for_nobody(tenant: Tenant, services: Services) -> None:
    new_job(tenant)
    run(kind(), tenant, new_job(tenant))
    assert rings(services) == 0


def _runs_until_dead(tenant: Tenant, job_id: UUID, probe: Kind) -> int:
    """Runs the job as often as it comes back, without waiting for it."""
    for count in range(1, 50):
        run(probe, tenant, job_id)
        if row(tenant, job_id).state == JobState.DEAD:
            return count
        change(tenant, job_id, not_before=timezone.now())
    raise AssertionError("The job never died.")
