"""Jobs of a deleted project wait: they go on when it is restored, and are erased with it."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone
from prometheus_client import REGISTRY

from tests.conftest import Person
from tests.orgs.support import control_of, delete, organization_of, project_of, restored, signed_in
from tests.workers.support import kind, new_job, row
from workers import watchdog
from workers.dispatcher import dispatch_until, publish_due
from workers.models import JobState
from workers.tasks.running import run

Address = Callable[[Person], str]
AN_HOUR_AGO = timedelta(hours=-1)

of_either = pytest.mark.parametrize("address", [project_of, organization_of], ids=["project", "organization"])


@pytest.fixture(autouse=True)
def system_connection() -> Iterator[None]:
    yield
    connections["system"].close()


@of_either
def test_they_are_not_rung_for_until_it_is_restored(alice: Person, bob: Person, address: Address) -> None:
    waiting, of_another = new_job(alice.tenant), new_job(bob.tenant)
    delete(alice, address(alice))
    assert [job.job_id for job in publish_due()] == [of_another]
    assert restored(signed_in(alice), address(alice)) == 200
    assert [job.job_id for job in publish_due()] == [waiting]


@of_either
def test_a_worker_that_was_rung_before_leaves_them(alice: Person, address: Address) -> None:
    job_id = new_job(alice.tenant)
    delete(alice, address(alice))
    assert not run(kind(), alice.tenant, job_id)
    assert row(alice.tenant, job_id).state == JobState.PENDING
    assert restored(signed_in(alice), address(alice)) == 200
    assert run(kind(), alice.tenant, job_id)
    assert row(alice.tenant, job_id).state == JobState.DONE


@of_either
def test_nobody_is_told_that_they_wait_for_long(
    alice: Person, monkeypatch: pytest.MonkeyPatch, address: Address
) -> None:
    monkeypatch.setattr(watchdog, "SILENT_FOR_S", 0)
    new_job(alice.tenant, not_before=timezone.now() + AN_HOUR_AGO, published_at=timezone.now())
    delete(alice, address(alice))
    turns = iter([False, True])
    dispatch_until(lambda: next(turns))
    assert REGISTRY.get_sample_value("loci_queue_due_jobs", {"queue": "extraction"}) == 0
    assert not watchdog.is_stalled(["extraction"])


def test_those_of_the_organization_itself_go_on(alice: Person) -> None:
    """Its erasure is one of them."""
    delete(alice, organization_of(alice))
    erasure = new_job(control_of(alice))
    assert [job.job_id for job in publish_due()] == [erasure]
    assert run(kind(), control_of(alice), erasure)
