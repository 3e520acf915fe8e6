"""Requests that wait for their job, and the threads that they may take (design.md §3.1, §3.5)."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings

from loci.tenancy.context import org_tx, tenant_tx
from memories.api import waiting
from memories.api.waiting import LANE_WAIT_S
from memories.services.adding import perform_add
from memories.services.events import mark_running
from orgs.models import Project
from tests.conftest import Person
from tests.fakes.llm import FakeLLM
from tests.memories.support import Json, call, fact, facts, get, job_of, post, queue, work
from tests.pool import lends
from workers import jobs
from workers.jobs import Claim
from workers.models import Job, JobState

V1, V3 = "/v1/memories/", "/v3/memories/add/"
PLACES = settings.WEB_THREADS // 2


def let_adds_wait(person: Person, milliseconds: int) -> None:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        Project.objects.filter(id=person.tenant.project_id).update(add_wait_ms=milliseconds)


def work_on_the_next(person: Person) -> Json:
    """Does the first job that appears, as a worker in another process would."""
    while True:
        with tenant_tx(person.tenant):
            job = Job.objects.filter(state=JobState.PENDING).first()
        if job is not None:
            return work(person, str(job.event_id))
        time.sleep(0.01)


@pytest.mark.parametrize(("path", "results"), [(V3, lambda answer: answer["results"]), (V1, lambda answer: answer)])
def test_an_add_answers_with_its_results_when_a_worker_is_quick(alice: Person, path: str, results: Any) -> None:
    let_adds_wait(alice, 10_000)
    with ThreadPoolExecutor() as pool:
        worker = pool.submit(work_on_the_next, alice)
        answer = post(alice, path, messages="I like tea.", user_id="alex")
        assert worker.result()["status"] == "SUCCEEDED"
    assert [(result["event"], result["memory"]) for result in results(answer)] == [("ADD", "Likes tea")]


def test_an_add_answers_as_queued_when_no_worker_is_quick_enough(alice: Person) -> None:
    let_adds_wait(alice, 50)
    assert post(alice, V3, messages="I like tea.", user_id="alex")["status"] == "PENDING"


def test_an_add_that_need_not_wait_does_not(alice: Person) -> None:
    started = time.monotonic()
    post(alice, V3, messages="I like tea.", user_id="alex")
    assert time.monotonic() - started < LANE_WAIT_S


def claim_of(person: Person, event_id: str) -> Claim:
    """Takes the job of an add, as somebody else's worker would."""
    job_id = job_of(person, event_id).id
    with tenant_tx(person.tenant):
        claim = jobs.claim(person.tenant, job_id, 60)
    assert claim
    return claim


@contextmanager
def busy_lane(person: Person) -> Iterator[None]:
    """Somebody else works on an add of Alex; the lane is free again in the end."""
    claim = claim_of(person, queue(person, "I like coffee."))
    yield
    with tenant_tx(person.tenant):
        jobs.give_back(claim)


def test_a_synchronous_add_with_a_busy_lane_waits_and_is_queued(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LANE_WAIT_S", 0.2)
    with busy_lane(alice):
        started = time.monotonic()
        answer = post(alice, V3, messages="I like tea.", user_id="alex", async_mode=False)
        assert 0.2 <= time.monotonic() - started < LANE_WAIT_S
    assert answer["status"] == "PENDING"
    assert work(alice, answer["event_id"])["status"] == "SUCCEEDED"


def test_a_synchronous_add_is_done_as_soon_as_its_lane_is_free(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LANE_WAIT_S", 60)

    def ask() -> Any:
        return post(alice, V3, messages="I like tea.", user_id="alex", async_mode=False)

    with ThreadPoolExecutor() as pool:
        with busy_lane(alice):
            answer = pool.submit(ask)
            time.sleep(0.1)
            assert not answer.done()
        assert answer.result(timeout=60)["status"] == "SUCCEEDED"


def test_a_synchronous_add_that_a_worker_took_first_waits_for_it(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "LANE_WAIT_S", 60)  # The lane is busy for as long as the machine takes.

    def ask() -> Any:
        return post(alice, V3, messages="I like tea.", user_id="alex", async_mode=False)

    first = claim_of(alice, queue(alice, "I like coffee."))
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(ask)
        while get(alice, "/v1/events/")["count"] < 2:
            time.sleep(0.01)
        newest = get(alice, "/v1/events/")["results"][0]["id"]
        with tenant_tx(alice.tenant):
            jobs.give_back(first)
            second = jobs.claim(alice.tenant, job_of(alice, newest).id, 60)
            assert second
            mark_running(second)
        time.sleep(0.3)
        assert not asked.done()
        perform_add(second)
        assert asked.result(timeout=60)["status"] == "SUCCEEDED"


def test_a_lane_is_of_one_user_only(alice: Person) -> None:
    with busy_lane(alice):
        answer = post(alice, V3, messages="I like tea.", user_id="bob", async_mode=False)
    assert answer["status"] == "SUCCEEDED"


@contextmanager
def hanging_adds(person: Person, llm: FakeLLM, number: int) -> Iterator[None]:
    """So many synchronous adds hang in the model; in the end it answers."""
    go_on = threading.Event()

    def answer_later(_data: Json) -> Json:
        go_on.wait(60)
        return facts(fact("Likes tea"))

    def ask(name: str) -> Any:
        return post(person, V3, messages="I like tea.", user_id=name, async_mode=False)

    llm.answers = answer_later
    with ThreadPoolExecutor(number) as pool:
        adds = [pool.submit(ask, f"user {index}") for index in range(number)]
        try:
            while llm.running < number:
                time.sleep(0.01)
            yield
        finally:
            go_on.set()
        assert [add.result()["status"] for add in adds] == ["SUCCEEDED"] * number


def test_more_synchronous_adds_than_half_of_the_threads_are_refused(alice: Person, llm: FakeLLM) -> None:
    body = {"messages": "I like tea.", "user_id": "one too many", "async_mode": False}
    with hanging_adds(alice, llm, PLACES):
        response = call(alice, "POST", V3, body)
        assert response.status_code == 503
        assert int(response["Retry-After"]) >= 1
        assert isinstance(response.json()["detail"], str)
        assert get(alice, "/v1/events/")["count"] == PLACES
        # What needs no model, and what does not wait, is served as ever.
        assert post(alice, V3, **{**body, "infer": False})["status"] == "SUCCEEDED"
        assert post(alice, V3, **{**body, "async_mode": True})["status"] == "PENDING"
    assert post(alice, V3, **body)["status"] == "SUCCEEDED"


def test_no_connection_is_held_while_a_model_thinks(alice: Person, llm: FakeLLM) -> None:
    with hanging_adds(alice, llm, 2):
        assert lends(0)
