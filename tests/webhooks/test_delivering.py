"""How a delivery is sent, and what is remembered of it (reliability.md §2.6)."""

import gzip
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import connections
from pytest_django import Settings

from loci.errors import DependencyError
from loci.local.programs import free_port
from loci.net.guard import NOT_ALLOWED, UNREACHABLE
from loci.net.safe_session import TOO_SLOW
from loci.tenancy.context import Tenant, tenant_tx
from tests.conftest import Person
from tests.fakes.receiver import Answer, Receiver, Seen
from tests.fakes.site import Site
from tests.orgs.support import delete, project_of, restored, signed_in
from tests.pool import lends
from tests.webhooks.sending import (
    attempt,
    attempts,
    change_endpoint,
    job_of,
    new_delivery,
    new_endpoint,
    open_jobs,
    pass_time,
    stored,
    stored_endpoint,
)
from webhooks import delivering
from webhooks.delivering import CRASHED, NO_SUCCESS
from webhooks.models import Delivery
from webhooks.queueing import enqueue_again
from workers import jobs
from workers.limits import MAX_CRASHES
from workers.models import Job, JobState
from workers.tasks.deliver import DELIVER
from workers.tasks.running import run


def test_what_was_answered_is_kept_and_cut(alice: Person, receiver: Receiver) -> None:
    receiver.answers = [Answer(201, body=b"\x00\xff" + b"x" * 10_000)]
    delivery = new_delivery(alice.tenant, new_endpoint(alice.tenant, receiver.url))
    done = attempt(alice.tenant, delivery)
    (row,) = attempts(alice.tenant, delivery)
    assert (done.state, done.attempts, done.last_status, done.next_at) == ("delivered", 1, 201, None)
    assert done.finished_at is not None
    assert (row.number, row.status, row.error, row.answer) == (1, 201, "", "\ufffd\ufffd" + "x" * 1_022)
    assert job_of(alice.tenant, delivery).state == JobState.DONE


def test_an_answer_is_not_unpacked(alice: Person, receiver: Receiver) -> None:
    zipped = gzip.compress(bytes(1024 * 1024))
    receiver.answers = [Answer(200, {"Content-Encoding": "gzip"}, zipped)]
    delivery = new_delivery(alice.tenant, new_endpoint(alice.tenant, receiver.url))
    attempt(alice.tenant, delivery)
    (row,) = attempts(alice.tenant, delivery)
    assert row.answer == zipped[:4_096].decode(errors="replace").replace("\x00", "\ufffd")[:1_024]


def test_what_waits_for_a_deleted_project_is_sent_when_it_is_restored(alice: Person, receiver: Receiver) -> None:
    delivery = new_delivery(alice.tenant, new_endpoint(alice.tenant, receiver.url))
    delete(alice, project_of(alice))
    assert attempt(alice.tenant, delivery).state == "pending"
    assert receiver.received == []
    assert restored(signed_in(alice), project_of(alice)) == 200
    assert attempt(alice.tenant, delivery).state == "delivered"


def test_a_redirect_is_a_failure_and_not_followed(alice: Person, receiver: Receiver) -> None:
    receiver.answers = [Answer(307, {"Location": receiver.url})]
    delivery = new_delivery(alice.tenant, new_endpoint(alice.tenant, receiver.url))
    done = attempt(alice.tenant, delivery)
    assert (done.state, done.last_status, done.last_error) == ("pending", 307, NO_SUCCESS)
    assert len(receiver.received) == 1


@pytest.mark.parametrize("path", ["/silent", "/slow-headers"])
def test_an_endpoint_that_hangs_is_left_at_the_deadline(
    alice: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("loci.net.safe_post.DEADLINE_S", 0.4)
    with Site() as site:
        settings.ALLOWED_PRIVATE_HOSTS = [f"127.0.0.1:{site.port}"]
        delivery = new_delivery(alice.tenant, new_endpoint(alice.tenant, f"http://127.0.0.1:{site.port}{path}"))
        began = time.monotonic()
        assert attempt(alice.tenant, delivery).last_error == TOO_SLOW
        assert time.monotonic() - began < 10


def test_an_answer_that_does_not_end_counts_by_its_status(
    alice: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loci.net.safe_post.DEADLINE_S", 0.4)
    with Site() as site:
        settings.ALLOWED_PRIVATE_HOSTS = [f"127.0.0.1:{site.port}"]
        delivery = new_delivery(alice.tenant, new_endpoint(alice.tenant, f"http://127.0.0.1:{site.port}/slow-body"))
        assert attempt(alice.tenant, delivery).state == "delivered"


def test_errors_are_of_few_texts(alice: Person, settings: Settings) -> None:
    port = free_port()
    settings.ALLOWED_PRIVATE_HOSTS = [f"127.0.0.1:{port}"]
    urls = {f"http://127.0.0.1:{port}/": UNREACHABLE, "https://127.0.0.1/": NOT_ALLOWED}
    for url, text in urls.items():
        delivery = new_delivery(alice.tenant, new_endpoint(alice.tenant, url))
        assert attempt(alice.tenant, delivery).last_error == text
        (row,) = attempts(alice.tenant, delivery)
        assert (row.status, row.error, row.answer) == (None, text, "")


def test_a_worker_that_dies_after_the_post_posts_the_same_message_again(alice: Person, receiver: Receiver) -> None:
    delivery = new_delivery(alice.tenant, new_endpoint(alice.tenant, receiver.url))
    job = job_of(alice.tenant, delivery)
    with patch.object(delivering, "_record_success", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        run(DELIVER, Tenant(alice.tenant.project_id), job.id)
    assert (stored(alice.tenant, delivery).state, attempts(alice.tenant, delivery)) == ("pending", [])
    assert attempt(alice.tenant, delivery).state == "delivered"
    assert [seen.id for seen in receiver.received] == [delivery.message_id] * 2
    assert [seen.body for seen in receiver.received] == [delivery.body.encode()] * 2


def test_a_delivery_whose_commit_fails_is_sent_again(alice: Person, receiver: Receiver) -> None:
    delivery = new_delivery(alice.tenant, new_endpoint(alice.tenant, receiver.url))
    with patch.object(delivering, "_record_success", side_effect=DependencyError("away")):
        attempt(alice.tenant, delivery)
    assert attempt(alice.tenant, delivery).attempts == 1
    assert len(receiver.received) == 2


def test_a_delivery_that_ends_its_worker_again_and_again_is_given_up(alice: Person, receiver: Receiver) -> None:
    delivery = new_delivery(alice.tenant, new_endpoint(alice.tenant, receiver.url))
    with tenant_tx(alice.tenant):
        Job.objects.filter(event_id=delivery.id).update(attempt=MAX_CRASHES)
    done = attempt(alice.tenant, delivery)
    assert (done.state, done.last_error, receiver.received) == ("failed", CRASHED, [])


def test_earlier_crashes_do_not_count_after_an_attempt(alice: Person, receiver: Receiver) -> None:
    receiver.answers = [Answer(500), Answer()]
    delivery = new_delivery(alice.tenant, new_endpoint(alice.tenant, receiver.url))
    with tenant_tx(alice.tenant):
        Job.objects.filter(event_id=delivery.id).update(attempt=MAX_CRASHES - 1)
    attempt(alice.tenant, delivery)
    assert job_of(alice.tenant, delivery).attempt == 0
    assert attempt(alice.tenant, delivery).state == "delivered"


@pytest.mark.parametrize(("columns", "state"), [({"is_active": False}, "failed"), ({"deleted": True}, "cancelled")])
def test_nothing_is_posted_to_an_endpoint_that_is_not_to_be_told(
    alice: Person, receiver: Receiver, columns: dict[str, bool], state: str
) -> None:
    endpoint = new_endpoint(alice.tenant, receiver.url)
    delivery = new_delivery(alice.tenant, endpoint)
    deleted = {"deleted_at": endpoint.updated_at, "secrets": ""}
    change_endpoint(alice.tenant, endpoint, **(deleted if columns.pop("deleted", False) else columns))
    assert attempt(alice.tenant, delivery).state == state
    assert (receiver.received, open_jobs(alice.tenant)) == ([], {})


def test_a_message_without_its_text_is_sent_as_it_is_now(alice: Person, receiver: Receiver) -> None:
    delivery = new_delivery(alice.tenant, new_endpoint(alice.tenant, receiver.url))
    with tenant_tx(alice.tenant):
        Delivery.objects.filter(id=delivery.id).update(body='{"event_details":{}}')
    attempt(alice.tenant, delivery)
    assert receiver.received[0].json == {"event_details": {}}


def test_an_answer_does_not_keep_the_text_of_a_memory_that_is_deleted_meanwhile(
    alice: Person, receiver: Receiver
) -> None:
    delivery = new_delivery(alice.tenant, new_endpoint(alice.tenant, receiver.url))

    def delete(seen: Seen) -> Answer:
        with tenant_tx(alice.tenant):
            Delivery.objects.filter(id=delivery.id).update(body='{"event_details":{}}')
        return Answer(body=seen.body)

    receiver.react = delete
    attempt(alice.tenant, delivery)
    assert [(row.status, row.answer) for row in attempts(alice.tenant, delivery)] == [(200, "")]


def test_a_delivery_that_is_sent_again_is_sent_once(alice: Person, receiver: Receiver) -> None:
    receiver.answers = [Answer(500), Answer()]
    delivery = new_delivery(alice.tenant, new_endpoint(alice.tenant, receiver.url))
    attempt(alice.tenant, delivery)
    earlier = job_of(alice.tenant, delivery)
    with tenant_tx(alice.tenant):
        enqueue_again([delivery])
    assert list(open_jobs(alice.tenant).values()) == [job_of(alice.tenant, delivery)] != [earlier]
    attempt(alice.tenant, delivery)
    run(DELIVER, Tenant(alice.tenant.project_id), earlier.id)
    assert len(receiver.received) == 2


def test_a_post_holds_no_connection(alice: Person, receiver: Receiver) -> None:
    held: list[bool] = []

    def look(_: Seen) -> Answer:
        held.append(not lends(0))
        return Answer()

    receiver.react = look
    attempt(alice.tenant, new_delivery(alice.tenant, new_endpoint(alice.tenant, receiver.url)))
    assert held == [False]


def lanes(person: Person) -> set[str | None]:
    return {job.lane for job in open_jobs(person.tenant).values()}


def test_an_endpoint_has_two_lanes_and_one_while_it_fails(alice: Person, receiver: Receiver) -> None:
    receiver.answers = [Answer(500), Answer(500), Answer()]
    endpoint = new_endpoint(alice.tenant, receiver.url)
    some = [new_delivery(alice.tenant, endpoint, memory_id=UUID(int=number)) for number in range(8)]
    both = lanes(alice)
    assert len(both) == 2

    attempt(alice.tenant, some[1])
    assert stored_endpoint(alice.tenant, endpoint).first_failure_at is not None
    assert lanes(alice) == both

    pass_time(alice.tenant, endpoint, timedelta(minutes=1))
    attempt(alice.tenant, some[3])
    assert lanes(alice) == {f"webhook:{endpoint.id}:0"}
    new_delivery(alice.tenant, endpoint, memory_id=UUID(int=1))
    assert lanes(alice) == {f"webhook:{endpoint.id}:0"}

    attempt(alice.tenant, some[0])
    assert stored_endpoint(alice.tenant, endpoint).first_failure_at is None
    new_delivery(alice.tenant, endpoint, memory_id=UUID(int=1))
    assert lanes(alice) == both


def test_what_was_ended_while_it_was_posted_stays_so_if_that_failed(alice: Person, receiver: Receiver) -> None:
    delivery = new_delivery(alice.tenant, new_endpoint(alice.tenant, receiver.url))

    def end(_: Seen) -> Answer:
        with tenant_tx(alice.tenant):
            Delivery.objects.filter(id=delivery.id).update(state="cancelled", next_at=None)
        return Answer(500)

    receiver.react = end
    done = attempt(alice.tenant, delivery)
    assert (done.state, done.next_at, done.last_status) == ("cancelled", None, 500)
    attempt(alice.tenant, delivery)
    assert (len(receiver.received), open_jobs(alice.tenant)) == (1, {})


def test_of_one_endpoint_two_are_in_flight_at_most(alice: Person, receiver: Receiver) -> None:
    inside, most, lock, are_two = 0, 0, threading.Lock(), threading.Event()

    def count(_: Seen) -> Answer:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        if inside == 2:
            are_two.set()
        are_two.wait(20)
        time.sleep(0.1)
        with lock:
            inside -= 1
        return Answer()

    receiver.react = count
    endpoint = new_endpoint(alice.tenant, receiver.url)
    some = [new_delivery(alice.tenant, endpoint, memory_id=UUID(int=number)) for number in range(12)]

    def work(delivery: Delivery) -> None:
        try:
            attempt(alice.tenant, delivery)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(work, some))
    assert most == 2


def test_endpoints_that_fail_leave_half_of_the_threads_to_others(
    alice: Person, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "_places_of_failing", threading.BoundedSemaphore(1))
    ill = new_endpoint(alice.tenant, receiver.url)
    change_endpoint(alice.tenant, ill, first_failure_at=ill.updated_at)
    well = new_endpoint(alice.tenant, receiver.url)
    waiting, other = new_delivery(alice.tenant, ill), new_delivery(alice.tenant, well)
    with delivering._places_of_failing:
        assert attempt(alice.tenant, waiting).attempts == 0
        job = job_of(alice.tenant, waiting)
        assert (job.state, job.attempt) == (JobState.PENDING, 0)
        assert attempt(alice.tenant, other).state == "delivered"
    assert attempt(alice.tenant, waiting).state == "delivered"


def test_a_retry_that_waits_does_not_hold_up_its_lane(alice: Person, receiver: Receiver) -> None:
    receiver.answers = [Answer(500)]
    endpoint = new_endpoint(alice.tenant, receiver.url)
    failed = new_delivery(alice.tenant, endpoint, memory_id=UUID(int=1))
    attempt(alice.tenant, failed)
    following = new_delivery(alice.tenant, endpoint, memory_id=UUID(int=1))
    lane = job_of(alice.tenant, failed).lane
    assert lane is not None
    with tenant_tx(alice.tenant):
        job = jobs.publish_next("webhooks", lane)
    assert job is not None
    assert job.event_id == following.id
