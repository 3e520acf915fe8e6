from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from loci.tenancy.context import Tenant, tenant_tx
from tests.workers.support import LEASE_S, change, new_job, row, take
from workers import jobs
from workers.jobs import Fenced, LaneBusy
from workers.models import Job, JobState

AN_HOUR = timedelta(hours=1)


def test_a_claimed_job_is_not_claimed_again_before_its_lease_ends(tenant: Tenant) -> None:
    job_id = new_job(tenant)
    take(tenant, job_id)
    with tenant_tx(tenant):
        assert jobs.claim(tenant, job_id, LEASE_S) is None
    change(tenant, job_id, lease_until=timezone.now() - AN_HOUR)
    assert take(tenant, job_id).crashes == 1


def test_a_job_that_is_not_due_or_finished_is_not_claimed(tenant: Tenant) -> None:
    later = new_job(tenant, not_before=timezone.now() + AN_HOUR)
    done = new_job(tenant, state=JobState.DONE)
    dead = new_job(tenant, state=JobState.DEAD)
    with tenant_tx(tenant):
        assert [jobs.claim(tenant, job_id, LEASE_S) for job_id in (later, done, dead)] == [None, None, None]


def test_a_job_of_another_project_is_not_claimed(tenant: Tenant, other: Tenant) -> None:
    job_id = new_job(tenant)
    with tenant_tx(other):
        assert jobs.claim(other, job_id, LEASE_S) is None
    assert row(tenant, job_id).state == JobState.PENDING


@pytest.mark.parametrize(
    "end",
    [
        jobs.hold,
        jobs.finish,
        jobs.give_back,
        lambda claim: jobs.bury(claim, "no"),
        lambda claim: jobs.postpone(claim, "no"),
        lambda claim: jobs.retry(claim, "no"),
        lambda claim: jobs.advance(claim, {}),
    ],
    ids=["hold", "finish", "give_back", "bury", "postpone", "retry", "advance"],
)
def test_a_stale_claim_can_end_nothing(tenant: Tenant, end: object) -> None:
    job_id = new_job(tenant)
    stale = take(tenant, job_id)
    change(tenant, job_id, lease_until=timezone.now() - AN_HOUR)
    newest = take(tenant, job_id)
    with pytest.raises(Fenced), tenant_tx(tenant):
        end(stale)  # type: ignore[operator]  # one of those above
    with tenant_tx(tenant):
        jobs.finish(newest)
    assert row(tenant, job_id).state == JobState.DONE


def test_two_jobs_of_one_lane_never_run_together(tenant: Tenant) -> None:
    first, second = new_job(tenant, lane="user:alex"), new_job(tenant, lane="user:alex")
    elsewhere = new_job(tenant, lane="user:sam")
    claim = take(tenant, first)
    with pytest.raises(LaneBusy), tenant_tx(tenant):
        jobs.claim(tenant, second, LEASE_S)
    take(tenant, elsewhere)
    with tenant_tx(tenant):
        jobs.finish(claim)
    take(tenant, second)


def test_the_same_lane_of_two_projects_is_two_lanes(tenant: Tenant, other: Tenant) -> None:
    take(tenant, new_job(tenant, lane="user:alex"))
    take(other, new_job(other, lane="user:alex"))


def test_a_soft_failure_waits_longer_each_time_and_is_no_crash(tenant: Tenant) -> None:
    job_id = new_job(tenant)
    for soft, planned in enumerate([2, 4, 8, 16]):
        claim = take(tenant, job_id)
        assert (claim.soft, claim.crashes) == (soft, 0)
        assert _postponed_by(tenant, claim) == pytest.approx(planned, abs=planned * 0.2 + 0.1)
        change(tenant, job_id, not_before=timezone.now())


def test_jobs_that_fail_together_do_not_come_back_together(tenant: Tenant) -> None:
    waits = [_postponed_by(tenant, take(tenant, new_job(tenant))) for _ in range(10)]
    assert max(waits) - min(waits) > 0.1


def test_a_dependency_that_names_its_time_is_believed(tenant: Tenant) -> None:
    assert _postponed_by(tenant, take(tenant, new_job(tenant)), retry_after=90) == pytest.approx(90, abs=1)


def _postponed_by(tenant: Tenant, claim: jobs.Claim, retry_after: float | None = None) -> float:
    """The seconds until the job is due again, by the database's clock."""
    with tenant_tx(tenant), connection.cursor() as cursor:
        jobs.postpone(claim, "no", retry_after=retry_after)
        cursor.execute("SELECT extract(epoch FROM not_before - now())::float FROM job WHERE id = %s", [claim.job_id])
        return float(cursor.fetchone()[0])


def test_a_job_that_is_given_back_was_never_tried(tenant: Tenant) -> None:
    job_id = new_job(tenant, lane="user:alex")
    with tenant_tx(tenant):
        jobs.give_back(take(tenant, job_id))
    assert row(tenant, job_id).state == JobState.PENDING
    assert take(tenant, job_id).crashes == 0


def test_a_job_that_comes_on_remembers_where_and_forgets_its_failures(tenant: Tenant) -> None:
    job_id = new_job(tenant, attempt=5, soft=3)
    claim = take(tenant, job_id)
    assert (claim.cursor, claim.crashes, claim.soft) == (None, 2, 3)
    with tenant_tx(tenant):
        jobs.advance(claim, {"page": 7})
    with tenant_tx(tenant):
        jobs.give_back(claim)
    again = take(tenant, job_id)
    assert (again.cursor, again.crashes, again.soft) == ({"page": 7}, 0, 0)


def test_a_canceled_job_in_flight_cannot_be_finished(tenant: Tenant) -> None:
    with tenant_tx(tenant):
        job = jobs.enqueue(kind="probe", queue="extraction", event_id=tenant.project_id)
    claim = take(tenant, job.id)
    with tenant_tx(tenant):
        jobs.cancel([tenant.project_id], "erased")
    with pytest.raises(Fenced), tenant_tx(tenant):
        jobs.finish(claim)
    assert row(tenant, job.id).state == JobState.DEAD


def test_a_project_has_at_most_eight_published_jobs_in_a_queue(tenant: Tenant, other: Tenant) -> None:
    assert _published(tenant, 12) == 8
    assert _published(tenant, 1, queue="exports") == 1
    assert _published(other, 12) == 8
    with tenant_tx(tenant):
        Job.objects.filter(queue="extraction", published_at__isnull=False)[:1].get().delete()
    assert _published(tenant, 3) == 1


def test_a_lane_has_at_most_one_published_job_and_none_while_one_runs(tenant: Tenant) -> None:
    assert _published(tenant, 3, lane="user:alex") == 1
    take(tenant, new_job(tenant, lane="user:sam"))
    assert _published(tenant, 1, lane="user:sam") == 0


def _published(tenant: Tenant, count: int, queue: str = "extraction", lane: str | None = None) -> int:
    """How many of `count` new jobs are to be rung for."""
    with tenant_tx(tenant):
        new = [jobs.enqueue(kind="probe", queue=queue, lane=lane) for _ in range(count)]
    return sum(job.published_at is not None for job in new)


def test_the_next_of_a_lane_is_its_oldest_due_job(tenant: Tenant) -> None:
    waiting = new_job(tenant, lane="user:alex", not_before=timezone.now() + AN_HOUR)
    due = [new_job(tenant, lane="user:alex"), new_job(tenant, lane="user:alex")]
    new_job(tenant, lane="user:sam")
    with tenant_tx(tenant):
        following = jobs.publish_next("extraction", "user:alex")
    assert following is not None
    assert following.id == due[0]
    assert row(tenant, due[0]).published_at is not None
    assert row(tenant, waiting).published_at is None


def test_a_running_lane_has_no_next(tenant: Tenant) -> None:
    running = new_job(tenant, lane="user:alex")
    new_job(tenant, lane="user:alex")
    take(tenant, running)
    with tenant_tx(tenant):
        assert jobs.publish_next("extraction", "user:alex") is None
