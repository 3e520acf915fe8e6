from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from prometheus_client import REGISTRY

from loci.env import env_days
from loci.tenancy.context import Tenant, tenant_tx
from loci.tenancy.models import first_id
from tests.workers.support import new_job, row, take
from workers import retention
from workers.jobs import Fenced, Unfinished
from workers.models import Job, JobState
from workers.retention import perform_retention
from workers.tasks.retention import RETENTION
from workers.tasks.running import run


def ended(tenant: Tenant, state: JobState, *, days: float) -> UUID:
    """Stores a job that was made and ended so many days ago."""
    then = timezone.now() - timedelta(days=days)
    job_id = new_job(tenant)
    old_id = UUID(int=first_id(then).int | job_id.int & (2**62 - 1))
    with tenant_tx(tenant):
        Job.objects.filter(id=job_id).update(id=old_id, state=state, finished_at=then)
    return old_id


def left(tenant: Tenant) -> set[UUID]:
    with tenant_tx(tenant):
        return set(Job.objects.values_list("id", flat=True))


def prune(tenant: Tenant) -> UUID:
    """Does a retention job, and returns it."""
    job_id = new_job(tenant, queue="maintenance")
    run(RETENTION, tenant, job_id)
    assert row(tenant, job_id).state == JobState.DONE
    return job_id


def test_done_jobs_go_after_a_week_and_dead_ones_after_a_month(tenant: Tenant) -> None:
    kept = {
        ended(tenant, JobState.DONE, days=6.9),
        ended(tenant, JobState.DEAD, days=29.9),
        ended(tenant, JobState.PENDING, days=100),
        ended(tenant, JobState.RUNNING, days=100),
    }
    ended(tenant, JobState.DONE, days=7.1)
    ended(tenant, JobState.DEAD, days=30.1)
    own = prune(tenant)
    assert left(tenant) == {*kept, own}


def test_a_job_that_was_made_long_ago_stays_for_a_week_after_its_end(tenant: Tenant) -> None:
    late = ended(tenant, JobState.DONE, days=20)
    with tenant_tx(tenant):
        Job.objects.filter(id=late).update(finished_at=timezone.now() - timedelta(days=1))
    prune(tenant)
    assert late in left(tenant)


def test_the_jobs_of_another_project_stay(tenant: Tenant, other: Tenant) -> None:
    theirs = ended(other, JobState.DONE, days=100)
    prune(tenant)
    assert left(other) == {theirs}


def test_zero_days_are_for_ever(tenant: Tenant, settings: Any) -> None:
    settings.RETAIN_JOBS = settings.RETAIN_FAILED = None
    kept = {ended(tenant, state, days=1000) for state in (JobState.DONE, JobState.DEAD)}
    prune(tenant)
    assert kept < left(tenant)


def test_much_is_pruned_in_steps(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        ended(tenant, JobState.DONE, days=8)
    monkeypatch.setattr(retention, "STEP_S", -1.0)
    monkeypatch.setitem(retention._pruned, "jobs", retention._Pruned(retention._pruned["jobs"].prune, 2))
    job_id = new_job(tenant)
    before = REGISTRY.get_sample_value("loci_rows_pruned_total", {"what": "jobs"}) or 0
    sizes = []
    while row(tenant, job_id).state == JobState.PENDING:
        run(RETENTION, tenant, job_id)
        sizes.append(len(left(tenant)) - 1)
    assert sizes == [3, 1, 0]
    assert REGISTRY.get_sample_value("loci_rows_pruned_total", {"what": "jobs"}) == before + 5


def test_a_step_whose_worker_was_killed_is_taken_again(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        ended(tenant, JobState.DONE, days=8)
    monkeypatch.setattr(retention, "STEP_S", -1.0)
    monkeypatch.setitem(retention._pruned, "jobs", retention._Pruned(retention._pruned["jobs"].prune, 2))
    job_id = new_job(tenant)
    killed = take(tenant, job_id)
    with pytest.raises(Unfinished):
        perform_retention(killed)
    with tenant_tx(tenant):
        Job.objects.filter(id=job_id).update(lease_until=timezone.now() - timedelta(seconds=1))
    monkeypatch.undo()
    run(RETENTION, tenant, job_id)
    assert left(tenant) == {job_id}
    assert row(tenant, job_id).state == JobState.DONE


def test_whoever_lost_the_job_prunes_nothing(tenant: Tenant) -> None:
    old = ended(tenant, JobState.DONE, days=8)
    job_id = new_job(tenant)
    lost = take(tenant, job_id)
    with tenant_tx(tenant):
        Job.objects.filter(id=job_id).update(lease_until=timezone.now() - timedelta(seconds=1))
    take(tenant, job_id)
    with pytest.raises(Fenced):
        perform_retention(lost)
    assert old in left(tenant)


@pytest.mark.parametrize("days", ["-1", "a week"])
def test_a_setting_that_is_no_number_of_days_is_refused(monkeypatch: pytest.MonkeyPatch, days: str) -> None:
    monkeypatch.setenv("LOCI_RETAIN_JOBS_DAYS", days)
    with pytest.raises(ImproperlyConfigured, match="LOCI_RETAIN_JOBS_DAYS"):
        env_days("LOCI_RETAIN_JOBS_DAYS", 7)
