"""Profiles follow their memories by themselves, and an unchanged one asks no model."""

from datetime import timedelta

import pytest
from django.utils import timezone

from loci.tenancy.context import Tenant, tenant_tx
from memories.models import ProfileJob
from memories.services import refreshing
from tests.conftest import Person
from tests.fakes.llm import FakeLLM, Fault
from tests.memories.profiles.support import (
    SETTINGS,
    answer,
    enable,
    generate,
    open_jobs,
    profile,
    trigger,
    work,
)
from tests.memories.reviewing import consolidate, decide, only_review, set_project
from tests.memories.support import call, delete, keep, post, put
from tests.memories.test_retention import MONTH, WEEK, prune
from workers import jobs
from workers.models import Job, JobState
from workers.tasks.profiles import PROFILES
from workers.tasks.running import run

EVERYTHING = {"type": "object", "properties": {"all": {"type": "string"}}}


@pytest.fixture
def enabled(alice: Person, llm: FakeLLM) -> Person:
    """Alice's project, where a profile says all that is remembered."""
    enable(alice, schema=EVERYTHING)
    llm.answers = lambda data: answer(all=", ".join(sorted(row["text"] for row in data["memories"])))
    return alice


def waiting(person: Person) -> list[Job]:
    """Returns the jobs that a deletion left."""
    with tenant_tx(person.tenant):
        return list(Job.objects.filter(kind="profiles", state=JobState.PENDING))


def do(person: Person, job: Job) -> None:
    """Does a job that looks for changed profiles, and what it finds, as workers do."""
    tenant = Tenant(person.tenant.project_id)
    with tenant_tx(person.tenant):
        Job.objects.filter(id=job.id).update(not_before=timezone.now())
    while run(PROFILES, tenant, job.id):
        pass
    work(person)


def a_day_later(person: Person) -> None:
    with tenant_tx(person.tenant):
        job = jobs.enqueue(kind="profiles", queue="maintenance")
    do(person, job)


def test_a_profile_follows_what_is_new_and_changed(enabled: Person) -> None:
    tea = keep(enabled, "Likes tea")
    generate(enabled)
    keep(enabled, "Likes rain")
    assert profile(enabled)["profile"] == {"all": "Likes tea"}
    a_day_later(enabled)
    assert profile(enabled)["profile"] == {"all": "Likes rain, Likes tea"}
    put(enabled, tea, text="Likes milk")
    a_day_later(enabled)
    found = profile(enabled)
    assert (found["profile"], found["generation_count"]) == ({"all": "Likes milk, Likes rain"}, 3)


def test_until_it_is_generated_again_it_stays(enabled: Person) -> None:
    keep(enabled, "Likes tea")
    generate(enabled)
    keep(enabled, "Likes rain")
    with tenant_tx(enabled.tenant):
        job = jobs.enqueue(kind="profiles", queue="maintenance")
    run(PROFILES, Tenant(enabled.tenant.project_id), job.id)
    assert (profile(enabled)["status"], profile(enabled)["profile"]) == ("succeeded", {"all": "Likes tea"})
    assert len(open_jobs(enabled)) == 1


def test_unchanged_profiles_ask_no_model(enabled: Person, llm: FakeLLM) -> None:
    keep(enabled, "Likes tea")
    keep(enabled, "Likes rain", user_id="blake")
    for name in ("alex", "blake"):
        generate(enabled, name)
    keep(enabled, "Likes snow", user_id="blake")
    asked = llm.calls
    for _ in range(2):
        a_day_later(enabled)
    assert llm.calls == asked + 1


def test_what_was_generated_meanwhile_is_not_generated_once_more(enabled: Person, llm: FakeLLM) -> None:
    keep(enabled, "Likes tea")
    generate(enabled)
    keep(enabled, "Likes rain")
    trigger(enabled)
    asked = llm.calls
    a_day_later(enabled)
    assert llm.calls == asked + 1
    assert profile(enabled)["status"] == "succeeded"


@pytest.mark.parametrize("failure", ["unfit", "insufficient"])
def test_what_made_no_profile_is_not_tried_again_before_it_changes(enabled: Person, llm: FakeLLM, failure: str) -> None:
    keep(enabled, "Likes tea")
    llm.answers = lambda _: answer(all=1) if failure == "unfit" else answer()
    before = generate(enabled)
    asked = llm.calls
    a_day_later(enabled)
    assert (llm.calls, profile(enabled)) == (asked, before)
    keep(enabled, "Likes rain")
    a_day_later(enabled)
    assert llm.calls > asked


def test_a_profile_whose_model_could_not_be_had_is_tried_again(
    enabled: Person, llm: FakeLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memories.services.profiles.PATIENCE", 0)
    keep(enabled, "Likes tea")
    llm.script(Fault.TRUNCATED)
    assert generate(enabled)["status"] == "failed"
    a_day_later(enabled)
    assert profile(enabled)["profile"] == {"all": "Likes tea"}


def test_an_emptied_profile_comes_back_without_what_was_deleted(enabled: Person) -> None:
    tea, rain, _ = (keep(enabled, f"Likes {thing}") for thing in ("tea", "rain", "snow"))
    generate(enabled)
    for memory_id in (tea, rain):
        delete(enabled, f"/v1/memories/{memory_id}/")
    (job,) = waiting(enabled)
    assert timedelta(minutes=4) < job.not_before - timezone.now() <= timedelta(minutes=5)
    assert profile(enabled)["status"] == "pending"
    do(enabled, job)
    assert profile(enabled)["profile"] == {"all": "Likes snow"}


def test_a_deletion_during_the_refresh_makes_another_one(enabled: Person, llm: FakeLLM) -> None:
    tea, rain, _ = (keep(enabled, f"Likes {thing}") for thing in ("tea", "rain", "snow"))
    generate(enabled)
    delete(enabled, f"/v1/memories/{tea}/")
    (job,) = waiting(enabled)
    do(enabled, job)
    delete(enabled, f"/v1/memories/{rain}/")
    (another,) = waiting(enabled)
    do(enabled, another)
    assert profile(enabled)["profile"] == {"all": "Likes snow"}


def test_after_a_deletion_only_what_it_emptied_is_generated(enabled: Person, llm: FakeLLM) -> None:
    tea = keep(enabled, "Likes tea")
    keep(enabled, "Likes rain", user_id="blake")
    for name in ("alex", "blake"):
        generate(enabled, name)
    keep(enabled, "Likes snow", user_id="blake")
    delete(enabled, f"/v1/memories/{tea}/")
    (job,) = waiting(enabled)
    do(enabled, job)
    assert profile(enabled)["status"] == "insufficient_data"
    assert profile(enabled, "blake")["profile"] == {"all": "Likes rain"}


def test_a_profile_follows_soon_what_a_review_hides_and_shows_again(enabled: Person) -> None:
    set_project(enabled, review_negative_feedback="negative")
    keep(enabled, "Likes snow")
    tea = keep(enabled, "Likes tea")
    generate(enabled)
    post(enabled, "/v1/feedback/", memory_id=tea, feedback="NEGATIVE")
    review = only_review(enabled)
    decide(enabled, review, "reject")
    (job,) = waiting(enabled)
    assert timedelta(minutes=4) < job.not_before - timezone.now() <= timedelta(minutes=5)
    assert profile(enabled)["profile"] == {"all": "Likes snow, Likes tea"}
    do(enabled, job)
    assert profile(enabled)["profile"] == {"all": "Likes snow"}
    decide(enabled, review, "undo")
    (another,) = waiting(enabled)
    do(enabled, another)
    assert profile(enabled)["profile"] == {"all": "Likes snow, Likes tea"}


def test_a_profile_follows_soon_what_a_consolidation_merges(enabled: Person) -> None:
    set_project(enabled, consolidation="apply")
    for text in ("Likes tea", "The user likes tea.", "Likes snow"):
        keep(enabled, text)
    generate(enabled)
    consolidate(enabled)
    (job,) = waiting(enabled)
    do(enabled, job)
    assert profile(enabled)["profile"] == {"all": "Likes snow, Likes tea"}


def test_deletions_where_nobody_has_a_profile_leave_no_job(enabled: Person) -> None:
    delete(enabled, f"/v1/memories/{keep(enabled, 'Likes tea')}/")
    assert waiting(enabled) == []


def test_where_profiles_are_off_nothing_is_generated(enabled: Person, llm: FakeLLM) -> None:
    keep(enabled, "Likes tea")
    generate(enabled)
    keep(enabled, "Likes rain")
    call(enabled, "POST", SETTINGS, {"enabled": False})
    asked = llm.calls
    a_day_later(enabled)
    assert (llm.calls, waiting(enabled)) == (asked, [])


def test_many_profiles_are_looked_at_in_steps(enabled: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshing, "BATCH", 2)
    names = ["alex", "blake", "casey", "drew"]
    for name in names:
        keep(enabled, "Likes tea", user_id=name)
        generate(enabled, name)
        keep(enabled, "Likes rain", user_id=name)
    a_day_later(enabled)
    assert [profile(enabled, name)["generation_count"] for name in names] == [2] * 4


def test_generations_are_forgotten_after_a_month_when_they_are_done(enabled: Person) -> None:
    keep(enabled, "Likes tea")
    trigger(enabled)
    work(enabled)
    trigger(enabled)
    for days, left in [(WEEK, ["pending", "succeeded"]), (MONTH - WEEK, ["pending"])]:
        prune(enabled, after=days)
        with tenant_tx(enabled.tenant):
            assert sorted(job.status for job in ProfileJob.objects.all()) == left
