import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connections
from django.test import override_settings
from django.utils import timezone

from loci.local.programs import free_port
from loci.tenancy.context import Tenant
from tests.conftest import Services
from tests.workers.support import change, new_job, rings, row, take
from workers import doorbell
from workers.celery import app
from workers.dispatcher import Due, dispatch_once, dispatch_until, publish_due
from workers.models import JobState

LONG_AGO = timedelta(minutes=-2)


@pytest.fixture(autouse=True)
def system_connection() -> Iterator[None]:
    yield
    connections["system"].close()


def projects(due: list[Due]) -> Counter[object]:
    return Counter(job.project_id for job in due)


def test_a_flood_of_one_project_does_not_delay_the_single_job_of_another(tenant: Tenant, other: Tenant) -> None:
    for _ in range(150):
        new_job(tenant)
    single = new_job(other)
    due = publish_due()
    assert single in {job.job_id for job in due}
    assert projects(due) == {tenant.project_id: 8, other.project_id: 1}


def test_a_project_has_at_most_eight_published_jobs_however_often_it_is_its_turn(tenant: Tenant) -> None:
    ids = [new_job(tenant) for _ in range(20)]
    first = publish_due()
    assert len(first) == 8
    assert publish_due() == []
    for job in first[:3]:
        change(tenant, job.job_id, state=JobState.DONE)
    assert len(publish_due()) == 3
    assert sum(row(tenant, job_id).published_at is not None for job_id in ids) == 11


def test_a_queue_whose_jobs_wait_for_others_has_more_published_ones(tenant: Tenant, services: Services) -> None:
    for _ in range(45):
        new_job(tenant, queue="webhooks")
    assert dispatch_once() == 40
    assert publish_due() == []
    assert rings(services, "webhooks") == 40


def test_each_queue_of_a_project_has_its_own_turn(tenant: Tenant) -> None:
    for _ in range(9):
        new_job(tenant)
        new_job(tenant, queue="exports")
    assert Counter(job.queue for job in publish_due()) == {"extraction": 8, "exports": 8}


def test_the_oldest_jobs_come_first(tenant: Tenant) -> None:
    ids = [new_job(tenant) for _ in range(12)]
    assert {job.job_id for job in publish_due()} == set(ids[:8])


def test_a_ring_that_nobody_heard_is_repeated_but_not_at_once(tenant: Tenant) -> None:
    job_id = new_job(tenant, published_at=timezone.now())
    assert publish_due() == []
    change(tenant, job_id, published_at=timezone.now() + LONG_AGO)
    assert [job.job_id for job in publish_due()] == [job_id]
    assert publish_due() == []


def test_an_expired_lease_is_rung_for_once(tenant: Tenant) -> None:
    job_id = new_job(tenant, published_at=timezone.now() + LONG_AGO)
    take(tenant, job_id)
    assert publish_due() == []
    change(tenant, job_id, lease_until=timezone.now() - timedelta(seconds=1))
    assert [job.job_id for job in publish_due()] == [job_id]
    assert publish_due() == []


def test_a_job_that_is_not_due_or_ended_is_not_rung_for(tenant: Tenant) -> None:
    new_job(tenant, not_before=timezone.now() - LONG_AGO)
    new_job(tenant, state=JobState.DONE)
    new_job(tenant, state=JobState.DEAD)
    assert publish_due() == []


def test_jobs_that_are_not_due_are_not_counted(tenant: Tenant) -> None:
    for _ in range(20):
        new_job(tenant, not_before=timezone.now() - LONG_AGO)
    due = new_job(tenant)
    assert [job.job_id for job in publish_due()] == [due]


def test_a_lane_is_rung_for_one_job_at_a_time(tenant: Tenant, other: Tenant) -> None:
    first, second = new_job(tenant, lane="user:alex"), new_job(tenant, lane="user:alex")
    same_name = new_job(other, lane="user:alex")
    assert {job.job_id for job in publish_due()} == {first, same_name}
    take(tenant, first)
    assert publish_due() == []
    change(tenant, first, state=JobState.DONE)
    assert [job.job_id for job in publish_due()] == [second]


def test_a_lane_whose_worker_vanished_goes_on_with_the_job_that_it_left(tenant: Tenant) -> None:
    left, waiting = new_job(tenant, lane="user:alex"), new_job(tenant, lane="user:alex")
    take(tenant, left)
    change(tenant, left, lease_until=timezone.now() + LONG_AGO)
    assert [job.job_id for job in publish_due()] == [left]
    assert row(tenant, waiting).published_at is None


def test_a_job_that_backs_off_is_overtaken_by_its_lane(tenant: Tenant) -> None:
    new_job(tenant, lane="user:alex", not_before=timezone.now() - LONG_AGO)
    following = new_job(tenant, lane="user:alex")
    assert [job.job_id for job in publish_due()] == [following]


def test_two_dispatchers_at_once_ring_for_each_job_once(tenant: Tenant, other: Tenant) -> None:
    for _ in range(5):
        ids = {new_job(owner) for owner in (tenant, other) for _ in range(8)}
        assert Counter(job.job_id for due in _at_once(4) for job in due) == Counter(ids)
        for owner, job_id in [(owner, job_id) for owner in (tenant, other) for job_id in ids]:
            change(owner, job_id, state=JobState.DONE)


def _at_once(count: int) -> list[list[Due]]:
    together = Barrier(count)

    def publish() -> list[Due]:
        try:
            connections["system"].ensure_connection()
            together.wait()
            return publish_due()
        finally:
            connections["system"].close()

    with ThreadPoolExecutor(count) as threads:
        return [each.result() for each in [threads.submit(publish) for _ in range(count)]]


def test_a_dispatched_job_rings_in_its_queue(tenant: Tenant, services: Services) -> None:
    new_job(tenant)
    new_job(tenant, queue="exports")
    assert dispatch_once() == 2
    assert (rings(services), rings(services, "exports")) == (1, 1)


def test_the_first_turn_of_a_project_is_answered_before_the_later_ones_of_another(
    tenant: Tenant, other: Tenant, services: Services
) -> None:
    for _ in range(8):
        new_job(tenant)
    dispatch_once()
    single = new_job(other)
    dispatch_once()
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue("extraction")
        heard = [queue.get(timeout=30).payload[0][1] for _ in range(9)]
        queue.close()
    assert heard.index(str(single)) < 4


def test_a_database_that_was_away_is_used_again(tenant: Tenant, services: Services) -> None:
    new_job(tenant)
    system = connections["system"]
    there, turns = system.settings_dict["PORT"], []

    def stopped() -> bool:
        turns.append(1)
        system.settings_dict["PORT"] = free_port() if len(turns) < 3 else there
        return len(turns) > 3

    system.close()
    dispatch_until(stopped)
    assert rings(services) == 1


@override_settings(RERING_AFTER_S=3600)
def test_rings_that_were_lost_with_redis_are_repeated_as_soon_as_it_is_back(
    tenant: Tenant, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung_by_another = new_job(tenant, published_at=timezone.now() - timedelta(seconds=20))
    unheard = new_job(tenant)
    with monkeypatch.context() as patched:
        patched.setattr(app.conf, "broker_url", f"redis://127.0.0.1:{free_port()}/0")
        assert dispatch_once() == 1
        assert dispatch_once() == 0
    change(tenant, unheard, published_at=timezone.now() - timedelta(seconds=20))
    monkeypatch.setattr(doorbell, "_unheard_at", time.monotonic() - 10)
    assert dispatch_once() == 2
    assert rings(services) == 2
    assert row(tenant, rung_by_another).state == JobState.PENDING
    assert dispatch_once() == 0
