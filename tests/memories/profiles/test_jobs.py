"""Generations of profiles: asked for once, followed by their address, done one user after the other."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from billing.models import UsageEntry
from loci.tenancy.context import tenant_tx
from memories.models import ProfileJob
from tests.conftest import Person
from tests.fakes.llm import FakeLLM, Fault
from tests.memories.profiles.support import (
    JOBS,
    SCHEMA,
    answer,
    ask,
    enable,
    generation,
    open_jobs,
    profile,
    sample,
    trigger,
    work,
)
from tests.memories.support import NOBODYS_ID, Json, call, delete, keep, ok
from workers.models import Job
from workers.tasks.profile import PROFILE
from workers.tasks.running import run


def be_due(person: Person) -> None:
    """Lets the jobs that wait after a failure be tried now."""
    with tenant_tx(person.tenant):
        Job.objects.update(not_before=timezone.now())


def test_a_trigger_is_followed_by_its_address(alice: Person) -> None:
    keep(alice, "Likes rain")
    enable(alice, schema={"type": "object", "properties": {"misc": {"type": "string"}}})
    started = trigger(alice)
    assert started == {
        "job_id": started["job_id"],
        "status": "pending",
        "status_url": f"{JOBS}{started['job_id']}/",
        "operation": "trigger",
        "entity_type": "user",
        "entity_count_reserved": 1,
        "event_id": None,
        "replayed": False,
    }
    counts = {"completed": 0, "succeeded": 0, "failed": 0, "skipped": 0}
    beginning = {"operation": "trigger", "entity_type": "user", "total": 1, "enumeration_complete": True, **counts}
    assert generation(alice, started) == {"id": started["job_id"], "status": "pending", **beginning}
    work(alice)
    ended = {"status": "succeeded", "completed": 1, "skipped": 1}
    assert generation(alice, started) == {"id": started["job_id"], **beginning, **ended}


def test_a_repeated_request_starts_nothing_and_says_so(alice: Person) -> None:
    keep(alice, "Likes rain")
    keep(alice, "Likes tea", user_id="blake")
    enable(alice)
    first = trigger(alice, key="one")
    assert trigger(alice, key="one") == {**first, "replayed": True}
    assert len(open_jobs(alice)) == 1
    another = ask(alice, {"operation": "trigger", "entity_type": "user", "entity_id": "blake"}, "one")
    assert another.status_code == 409
    assert trigger(alice, key="two") == first


def test_who_asks_for_what_waits_to_begin_joins_it(alice: Person, llm: FakeLLM) -> None:
    keep(alice, "Likes rain")
    keep(alice, "Likes tea", user_id="blake")
    enable(alice, schema=SCHEMA)
    llm.answers = lambda _data: answer(fullName="Alex")
    first, of_another = trigger(alice), trigger(alice, "blake")
    assert trigger(alice) == first
    assert of_another["job_id"] != first["job_id"]
    work(alice)
    assert llm.calls == 2
    again = trigger(alice)
    assert again["job_id"] != first["job_id"]
    work(alice)
    assert llm.calls == 3


def test_of_many_who_ask_at_once_one_starts_a_generation(alice: Person) -> None:
    keep(alice, "Likes rain")
    enable(alice)
    with ThreadPoolExecutor(4) as threads:
        started = list(threads.map(lambda _: trigger(alice), range(4)))
    assert len({each["job_id"] for each in started}) == len(open_jobs(alice)) == 1


def test_a_sample_takes_the_users_of_whom_most_is_remembered(alice: Person, llm: FakeLLM) -> None:
    for name, count in [("alex", 1), ("blake", 3), ("casey", 2), ("drew", 1)]:
        for number in range(count):
            keep(alice, f"Likes {number}", user_id=name)
    enable(alice, schema=SCHEMA)
    started = ok(sample(alice, 3))
    assert (started["sampled"], started["entity_count_reserved"]) == (3, 3)
    assert started["entity_ids"] == ["blake", "casey", "drew"]
    llm.script(answer(age=1), answer(age="one"), answer(age="one"), answer())
    work(alice)
    job = generation(alice, started)
    assert (job["status"], job["total"], job["completed"]) == ("succeeded", 3, 3)
    assert (job["succeeded"], job["failed"], job["skipped"]) == (1, 1, 1)
    statuses = [profile(alice, name)["status"] for name in ("blake", "casey", "drew", "alex")]
    assert statuses == ["succeeded", "failed", "insufficient_data", "pending"]
    with tenant_tx(alice.tenant):
        assert UsageEntry.objects.get(meter="profile").quantity == 1


def test_samples_leave_each_other_a_pause(alice: Person) -> None:
    keep(alice, "Likes rain")
    enable(alice)
    asked = {"operation": "sample", "entity_type": "user"}
    first = ok(ask(alice, asked, "one"))
    refused = sample(alice)
    assert (refused.status_code, 0 < int(refused["Retry-After"]) <= 60) == (429, True)
    assert ok(ask(alice, asked, "one")) == {**first, "replayed": True}
    with tenant_tx(alice.tenant):
        ProfileJob.objects.update(created_at=timezone.now() - timedelta(seconds=61))
    assert sample(alice).status_code == 200


def test_a_sample_of_nobody_is_done_at_once(alice: Person) -> None:
    enable(alice)
    started = ok(sample(alice))
    assert (started["sampled"], started["entity_ids"], started["status"]) == (0, [], "succeeded")
    assert generation(alice, started)["total"] == 0
    assert open_jobs(alice) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"operation": "destroy"},
        {"operation": "trigger"},
        {"operation": "trigger", "entity_id": ""},
        {"operation": "trigger", "entity_type": "agent", "entity_id": "ada"},
        {"operation": "sample", "limit": 0},
        {"operation": "sample", "limit": 11},
        {"operation": "sample", "limit": "many"},
    ],
    ids=str,
)
def test_wrong_requests_are_refused(alice: Person, body: Json) -> None:
    enable(alice)
    assert ask(alice, body).status_code == 400


def test_without_profiles_nothing_is_started(alice: Person) -> None:
    keep(alice, "Likes rain")
    for body in ({"operation": "trigger", "entity_id": "alex"}, {"operation": "sample"}):
        refused = ask(alice, body)
        assert (refused.status_code, refused.json()["error"]) == (400, "Profiles are not enabled for this project.")
    assert open_jobs(alice) == []


def test_unknown_users_and_generations_are_404(alice: Person, bob: Person) -> None:
    keep(bob, "Likes rain", user_id="robin")
    enable(bob)
    enable(alice)
    for name in ("robin", "nobody"):
        assert ask(alice, {"operation": "trigger", "entity_type": "user", "entity_id": name}).status_code == 404
    started = trigger(bob, "robin")
    for wanted in (started["job_id"], NOBODYS_ID, "1"):
        assert call(alice, "GET", f"{JOBS}{wanted}/").status_code == 404


def test_profiles_that_are_turned_off_meanwhile_are_skipped(alice: Person) -> None:
    keep(alice, "Likes rain")
    enable(alice)
    started = trigger(alice)
    call(alice, "POST", "/v2/profiles/settings/", {"enabled": False})
    work(alice)
    assert generation(alice, started)["skipped"] == 1


def test_a_profile_whose_model_keeps_failing_is_given_up_and_the_next_is_not(alice: Person, llm: FakeLLM) -> None:
    keep(alice, "Likes rain", user_id="blake")
    keep(alice, "Is 30 years old")
    enable(alice, schema=SCHEMA)
    started = ok(sample(alice, 2))
    llm.script(*[Fault.TRUNCATED] * 5, answer(age=30))
    for _ in range(6):
        be_due(alice)
        work(alice)
    job = generation(alice, started)
    assert (job["status"], job["failed"], job["succeeded"]) == ("succeeded", 1, 1)
    assert profile(alice)["status"] == "failed"
    assert profile(alice)["error"] == "The model kept failing."
    assert profile(alice, "blake")["status"] == "succeeded"


def test_a_job_that_is_given_up_fails_what_is_left(alice: Person) -> None:
    keep(alice, "Likes rain")
    enable(alice)
    started = trigger(alice)
    with tenant_tx(alice.tenant):
        Job.objects.filter(kind="profile").update(attempt=5)
    work(alice)
    job = generation(alice, started)
    assert (job["status"], job["failed"], job["completed"]) == ("failed", 1, 1)
    assert (profile(alice)["status"], profile(alice)["error"]) == ("failed", "The generation was given up.")


def test_run_twice_it_counts_once(alice: Person) -> None:
    keep(alice, "Lives in Berlin")
    enable(alice)
    started = trigger(alice)
    (job,) = open_jobs(alice)
    assert [run(PROFILE, alice.tenant, job.id) for _ in range(2)] == [True, False]
    assert generation(alice, started)["completed"] == 1


def test_no_model_is_asked_about_a_user_who_is_erased(alice: Person, llm: FakeLLM) -> None:
    keep(alice, "Likes rain")
    enable(alice, schema=SCHEMA)
    key = uuid4().hex
    started = trigger(alice, key=key)
    delete(alice, "/v2/entities/user/alex/")
    work(alice)
    assert (llm.calls, generation(alice, started)["skipped"]) == (0, 1)
    body = {"operation": "trigger", "entity_type": "user", "entity_id": "alex"}
    assert ask(alice, body, key).status_code == 410
