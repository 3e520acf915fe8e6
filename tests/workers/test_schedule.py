from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from django.db import connections
from django.utils import timezone
from prometheus_client import REGISTRY

from loci.tenancy.context import Tenant, tenant_tx
from orgs.models import Organization, Project
from tests.conftest import Person, Services
from tests.workers.support import change, new_job, rings, row
from workers import schedule
from workers.celery import app
from workers.dispatcher import dispatch_until
from workers.models import JobState
from workers.schedule import SCHEDULES, Schedule, store_due
from workers.tasks.retention import retention

HOURLY = Schedule("hourly", "maintenance", every=timedelta(hours=1))
A_WHILE = timedelta(days=30)
STORED = "SELECT project_id, id, scheduled_for, state FROM job WHERE kind = %s ORDER BY id"


@pytest.fixture(autouse=True)
def system_connection() -> Iterator[None]:
    yield
    connections["system"].close()


@pytest.fixture
def old(alice: Person, bob: Person) -> None:
    """Both organizations were made a month ago."""
    for person in (alice, bob):
        change_projects(person, created_at=timezone.now() - A_WHILE)


def change_projects(person: Person, **columns: Any) -> None:
    """Changes all projects of the person's organization."""
    with tenant_tx(person.tenant):
        Project.objects.update(**columns)


def stored(kind: str = "hourly") -> list[tuple[UUID, UUID, datetime, str]]:
    """Returns project, id, window and state of the jobs of this kind, as the dispatcher sees them."""
    with connections["system"].cursor() as cursor:
        cursor.execute(STORED, [kind])
        return cursor.fetchall()


def end(state: JobState, *, ago: timedelta = timedelta(0)) -> None:
    """Ends all hourly jobs, as of a window that began so much earlier."""
    for project_id, job_id, scheduled_for, _ in stored():
        change(Tenant(project_id), job_id, state=state, scheduled_for=scheduled_for - ago)


def at_once(count: int) -> list[int]:
    """Lets so many dispatchers look at the schedule at the same time."""
    together = Barrier(count)

    def look() -> int:
        try:
            connections["system"].ensure_connection()
            together.wait()
            return store_due([HOURLY])
        finally:
            connections["system"].close()

    with ThreadPoolExecutor(count) as threads:
        return [each.result() for each in [threads.submit(look) for _ in range(count)]]


def test_each_project_gets_one_job_in_its_window(tenant: Tenant, other: Tenant, old: None) -> None:
    assert store_due([HOURLY]) == 2
    assert store_due([HOURLY]) == 0
    now = timezone.now()
    for _, job_id, scheduled_for, state in stored():
        assert state == JobState.PENDING
        assert now - HOURLY.every < scheduled_for <= now, job_id
    assert {project_id for project_id, *_ in stored()} == {tenant.project_id, other.project_id}


@pytest.mark.parametrize("state", [JobState.DONE, JobState.DEAD])
def test_the_next_window_gets_another_however_the_last_one_ended(old: None, state: JobState) -> None:
    store_due([HOURLY])
    end(state)
    assert store_due([HOURLY]) == 0
    end(state, ago=HOURLY.every)
    assert store_due([HOURLY]) == 2


def test_windows_in_which_nobody_looked_are_not_made_up_for(old: None) -> None:
    store_due([HOURLY])
    end(JobState.DONE, ago=timedelta(days=5))
    assert [store_due([HOURLY]), store_due([HOURLY])] == [2, 0]


@pytest.mark.parametrize("state", [JobState.PENDING, JobState.RUNNING])
def test_a_job_that_still_waits_or_runs_is_not_followed_by_another(old: None, state: JobState) -> None:
    store_due([HOURLY])
    end(state, ago=HOURLY.every)
    assert store_due([HOURLY]) == 0


def test_two_dispatchers_store_each_job_once(old: None) -> None:
    for _ in range(5):
        assert sum(at_once(4)) == 2
        assert set(Counter((project, window) for project, _, window, _ in stored()).values()) == {1}
        end(JobState.DONE, ago=HOURLY.every)


def test_a_new_project_waits_for_a_window_of_its_own(old: None, alice: Person, other: Tenant) -> None:
    change_projects(alice, created_at=timezone.now() + timedelta(minutes=1))
    store_due([HOURLY])
    assert [project_id for project_id, *_ in stored()] == [other.project_id]


@pytest.mark.parametrize("column", ["deleted_at", "erased_at"])
def test_what_is_deleted_or_erased_gets_none(old: None, alice: Person, other: Tenant, column: str) -> None:
    change_projects(alice, **{column: timezone.now()})
    store_due([HOURLY])
    assert [project_id for project_id, *_ in stored()] == [other.project_id]


def test_projects_of_a_deleted_organization_get_none_but_its_hidden_one(old: None, alice: Person, bob: Person) -> None:
    with tenant_tx(alice.tenant):
        Organization.objects.update(deleted_at=timezone.now())
        control = Project.objects.get(is_control=True).id
    store_due([Schedule("hourly", "maintenance", every=HOURLY.every, in_control=True)])
    projects = {project_id for project_id, *_ in stored()}
    assert {control, bob.tenant.project_id} <= projects
    assert alice.tenant.project_id not in projects


def test_hidden_projects_of_organizations_get_those_that_are_meant_for_them(old: None) -> None:
    assert store_due([HOURLY]) == 2
    end(JobState.DONE, ago=HOURLY.every)
    assert store_due([Schedule("hourly", "maintenance", every=HOURLY.every, in_control=True)]) == 4


def test_a_setting_chooses_the_projects(old: None, alice: Person) -> None:
    change_projects(alice, settings={"decay": True})
    assert store_due([Schedule("hourly", "maintenance", every=HOURLY.every, setting="decay")]) == 1
    assert [project_id for project_id, *_ in stored()] == [alice.tenant.project_id]


def test_projects_have_their_turns_all_over_the_window(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "MOST_OPEN", 1000)
    with tenant_tx(alice.tenant):
        org = Organization.objects.get()
        Project.objects.bulk_create(Project(org=org, name=str(number)) for number in range(200))
    change_projects(alice, created_at=timezone.now() - A_WHILE)
    assert store_due([HOURLY]) == 201
    quarters = Counter(window.minute // 15 for _, _, window, _ in stored())
    assert min(quarters[quarter] for quarter in range(4)) > 20


def test_a_few_wait_and_the_others_have_their_turn_later(old: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "MOST_OPEN", 1)
    assert [store_due([HOURLY]), store_due([HOURLY])] == [1, 0]
    end(JobState.DONE)
    assert store_due([HOURLY]) == 1
    assert len({project_id for project_id, *_ in stored()}) == 2


def test_the_dispatcher_stores_and_rings_for_them(old: None, services: Services) -> None:
    counted = REGISTRY.get_sample_value("loci_jobs_scheduled_total", {"kind": "retention"}) or 0
    turns = iter([False, False, True])
    dispatch_until(lambda: next(turns))
    assert (len(stored("retention")), len(stored("profiles"))) == (4, 2)
    assert rings(services, "maintenance") == 4 + 2
    assert REGISTRY.get_sample_value("loci_jobs_scheduled_total", {"kind": "retention"}) == counted + 4


def test_a_schedule_that_fails_keeps_nobody_from_being_rung_for(
    tenant: Tenant, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "DUE", "SELECT 1 / 0")
    new_job(tenant)
    turns = iter([False, False, True])
    dispatch_until(lambda: next(turns))
    assert rings(services) == 1


def test_a_worker_does_what_the_schedule_stored(old: None) -> None:
    store_due()
    for project_id, job_id, *_ in stored("retention"):
        retention(str(project_id), str(job_id))
        assert row(Tenant(project_id), job_id).state == JobState.DONE
    assert store_due() == 0


@pytest.mark.parametrize("each", SCHEDULES, ids=lambda each: each.kind)
def test_what_is_scheduled_has_a_task_and_windows_shorter_than_done_jobs_are_kept(each: Schedule) -> None:
    app.loader.import_default_modules()
    assert f"workers.tasks.{each.kind}" in app.tasks
    assert each.every <= timedelta(days=1)
