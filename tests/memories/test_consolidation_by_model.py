"""A model judges whether memories in other words say the same; what is certain is not asked."""

from collections.abc import Callable

import pytest

from loci.tenancy.context import Tenant, tenant_tx
from tests.conftest import Person
from tests.fakes.llm import FakeLLM, data_of
from tests.memories.reviewing import consolidate, keep_both, merged, only_review, reviews, schedule, two
from tests.memories.support import Json, call, keep
from tests.memories.test_sameness import KEPT_APART
from workers.models import Job, JobState
from workers.tasks.consolidate import CONSOLIDATE
from workers.tasks.running import run


def judging(relation: str | None, candidate: int = 0) -> Callable[[Json], Json]:
    """Returns a model that decides every question so."""
    return lambda data: {
        "decisions": [
            {"question": each["number"], "relation": relation, "candidate": candidate} for each in data["questions"]
        ]
    }


def test_a_model_judges_what_is_near_in_other_words(applying: Person, llm: FakeLLM) -> None:
    older, newer = two(applying, "Likes green tea a lot", "Loves green tea a lot")
    keep(applying, "Plays the violin")
    llm.answers = judging("duplicate")
    consolidate(applying)
    assert merged(applying) == [(older, newer)]
    assert "model" in only_review(applying)["reason"]
    (asked,) = llm.requests
    (question,) = data_of(asked)["questions"]
    assert (question["fact"], question["candidates"][0]["text"]) == ("Loves green tea a lot", "Likes green tea a lot")
    schedule(applying)
    assert llm.calls == 1
    # A new one is compared with those that were there.
    newest = keep(applying, "Enjoys green tea a lot")
    schedule(applying)
    assert llm.calls == 2
    assert (older, newest) in merged(applying)


@pytest.mark.parametrize("relation", ["refines", "replaces", None])
def test_what_a_model_judges_otherwise_is_left_alone(applying: Person, llm: FakeLLM, relation: str | None) -> None:
    two(applying, "Likes green tea a lot", "Loves green tea a lot")
    llm.answers = judging(relation)
    consolidate(applying)
    assert llm.calls == 1
    assert reviews(applying) == []


def test_no_model_is_asked_about_other_numbers_names_dates_denials_and_tenses(applying: Person, llm: FakeLLM) -> None:
    for number, pair in enumerate(KEPT_APART):
        keep_both(applying, pair, user_id=f"apart-{number}")
    llm.answers = judging("duplicate")
    consolidate(applying)
    assert llm.calls == 0
    assert reviews(applying) == []


def test_no_model_is_asked_about_texts_that_it_would_not_see_whole(applying: Person, llm: FakeLLM) -> None:
    begins = "Likes green tea " + "with very much honey " * 30
    two(applying, f"{begins}and milk", f"{begins}and lemon")
    llm.answers = judging("duplicate")
    consolidate(applying)
    assert llm.calls == 0


def test_a_model_that_fails_leaves_the_rest_for_later(applying: Person, llm: FakeLLM) -> None:
    two(applying)
    two(applying, "Plays green chess a lot", "Likes green chess a lot")
    llm.fail_rate = 1
    call(applying, "POST", "/v1/consolidation/", {})
    with tenant_tx(applying.tenant):
        job = Job.objects.get(kind="consolidate")
    run(CONSOLIDATE, Tenant(applying.tenant.project_id), job.id)
    assert len(merged(applying)) == 1
    with tenant_tx(applying.tenant):
        job.refresh_from_db()
        assert (job.state, bool(job.cursor["group"])) == (JobState.PENDING, True)
