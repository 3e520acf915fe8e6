"""A day's tokens of language models: counted, and a hard stop (reliability.md §2.10, E3)."""

import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.test import override_settings
from django.utils import timezone

from billing.models import TokenBudget, UsageEntry
from billing.tokens import LONGEST_HELD
from loci.net import llm as calling
from loci.tenancy.context import tenant_tx
from tests.billing.conftest import Limit
from tests.conftest import Person
from tests.fakes.llm import FakeLLM, Fault
from tests.fakes.settings import use
from tests.memories.support import JAN, Json, add, call, change_job, event, job_of, queue, search, texts, work

PATH = "/v3/memories/add/"
BODY = {"messages": "I like tea.", "user_id": "alex"}
KEY = {"Idempotency-Key": "once"}
SPENT = 30_000
"""Of a model that answers 20,000 tokens to 10,000; what one call sets aside is less than this."""


@pytest.fixture
def llm() -> Iterator[FakeLLM]:
    with FakeLLM(usage=lambda *_: {"prompt_tokens": 10_000, "completion_tokens": 20_000}) as server, use(server):
        yield server


def ledger(person: Person) -> dict[str, int]:
    with tenant_tx(person.tenant):
        return dict(UsageEntry.objects.filter(meter__startswith="tokens").values_list("meter", "quantity"))


def budget(person: Person) -> TokenBudget:
    with tenant_tx(person.tenant):
        return TokenBudget.objects.get()


def midnight() -> str:
    return f"{timezone.now() + timedelta(days=1):%Y-%m-%d}T00:00:00Z"


def test_every_answer_is_in_the_ledger_as_its_endpoint_counted_it(alice: Person, llm: FakeLLM) -> None:
    add(alice, "I like tea.")
    assert ledger(alice) == {"tokens_in": 10_000, "tokens_out": 20_000}


def test_beyond_the_plans_tokens_adds_that_need_a_model_are_refused_until_midnight(
    alice: Person, bob: Person, llm: FakeLLM, limit: Limit
) -> None:
    limit(alice, f'{{"tokens": "{SPENT}/day", "add": "1000/minute"}}')
    asked = {**BODY, "async_mode": False}
    accepted = call(alice, "POST", PATH, asked, **KEY)
    refused = call(alice, "POST", PATH, BODY)
    assert refused.status_code == 429
    assert refused.json()["detail"] == (
        "The organization has used up its tokens of language models for today: 30000 of 30000."
        f" Adds that need a model are accepted again from {midnight()}. Everything else goes on."
    )
    assert 0 < int(refused["Retry-After"]) <= 86_400
    assert call(alice, "POST", PATH, asked, **KEY).content == accepted.content
    assert (refused["X-RateLimit-Limit"], refused["X-RateLimit-Remaining"]) == ("30000", "0")
    assert call(alice, "POST", PATH, {**BODY, "infer": False}).status_code == 200
    assert len(search(alice, "tea")) == len(texts(alice)) == 2
    assert call(bob, "POST", PATH, BODY).status_code == 200
    with override_settings(LLM_API_KEY=""):
        assert call(alice, "POST", PATH, BODY).status_code == 200


def test_an_add_that_costs_more_than_any_days_tokens_fails_for_that_reason(alice: Person, llm: FakeLLM) -> None:
    with override_settings(LLM_TOKENS_PER_DAY=settings.LLM_MAX_TOKENS + 1):
        failed = add(alice, "I like tea.")
    assert (failed["status"], failed["error"].endswith("tokens, and the organization has 8193 in a day.")) == (
        "FAILED",
        True,
    )
    assert llm.calls == 0


def test_a_plan_with_fewer_tokens_than_one_answer_costs_says_so(alice: Person, llm: FakeLLM) -> None:
    with override_settings(LLM_TOKENS_PER_DAY=100):
        refused = call(alice, "POST", PATH, BODY)
    assert refused.status_code == 403
    assert refused.json()["detail"] == "A model's answer may cost 8192 tokens, and the organization has 100 in a day."


def test_a_queued_add_waits_until_midnight_as_if_it_had_not_been_tried(alice: Person, llm: FakeLLM) -> None:
    with override_settings(LLM_TOKENS_PER_DAY=SPENT):
        queued = queue(alice, "I like coffee.", user_id="sam")
        add(alice, "I like tea.")
        assert work(alice, queued)["status"] == "PENDING"
        job = job_of(alice, queued)
        assert (job.attempt, job.soft, job.requests) == (0, 0, 0)
        assert f"{job.not_before:%Y-%m-%dT%H:%M}" == midnight()[:16]
        assert llm.calls == 1
        with tenant_tx(alice.tenant):
            TokenBudget.objects.update(day=timezone.now() - timedelta(days=1))
        change_job(alice, queued, not_before=JAN)
        assert work(alice, queued)["status"] == "SUCCEEDED"


def test_what_calls_under_way_have_set_aside_is_waited_for(alice: Person, llm: FakeLLM) -> None:
    with override_settings(LLM_TOKENS_PER_DAY=SPENT):
        queued = queue(alice, "I like coffee.", user_id="sam")
        llm.answers = lambda _data: {"facts": [], "status": work(alice, queued)["status"]}
        add(alice, "I like tea.")
        assert llm.calls == 1
        soon = job_of(alice, queued).not_before - timezone.now()
        assert soon < timedelta(seconds=6)


def test_what_a_killed_worker_had_set_aside_is_not_waited_for_longer_than_it_could_live(
    alice: Person, llm: FakeLLM
) -> None:
    with override_settings(LLM_TOKENS_PER_DAY=SPENT):
        with tenant_tx(alice.tenant):
            TokenBudget.objects.create(
                org_id=alice.tenant.org_id, day=timezone.now().date(), reserved=SPENT, reserved_at=timezone.now()
            )
        queued = queue(alice, "I like tea.")
        work(alice, queued)
        assert job_of(alice, queued).not_before < timezone.now() + timedelta(seconds=6)
        with tenant_tx(alice.tenant):
            TokenBudget.objects.update(reserved_at=timezone.now() - LONGEST_HELD - timedelta(seconds=1))
        change_job(alice, queued, not_before=JAN)
        work(alice, queued)
        assert f"{job_of(alice, queued).not_before:%Y-%m-%dT%H:%M}" == midnight()[:16]
        assert llm.calls == 0


@pytest.mark.parametrize(
    ("faults", "counted"),
    [([Fault.UNAUTHORIZED], False), ([Fault.HANG], True), ([], True)],
)
def test_what_an_answer_without_usage_cost_is_what_was_set_aside_for_it(
    alice: Person, llm: FakeLLM, monkeypatch: pytest.MonkeyPatch, faults: list[Fault], counted: bool
) -> None:
    llm.script(*faults)
    llm.usage = lambda *_: None
    if Fault.HANG in faults:
        monkeypatch.setattr(calling, "READ_TIMEOUT_S", 0.1)
    event(alice, queue(alice, "I like tea.", async_mode=False))
    kept = budget(alice)
    assert (kept.used > 8_192) == counted
    assert kept.reserved == 0
    assert ledger(alice) == {}


def test_what_broke_off_may_have_cost_something_though_the_next_try_was_refused(alice: Person, llm: FakeLLM) -> None:
    def break_off(_data: Json) -> Json:
        llm.fault = Fault.UNAUTHORIZED
        raise ConnectionError

    llm.answers = break_off
    work(alice, queue(alice, "I like tea."))
    assert llm.calls == 2
    assert budget(alice).used > 8_192


@pytest.mark.parametrize("stop", [SystemExit, SoftTimeLimitExceeded])
def test_a_worker_that_is_stopped_while_it_waits_for_an_answer_leaves_nothing_set_aside(
    alice: Person, llm: FakeLLM, stop: type[BaseException]
) -> None:
    def interrupt(_data: Json) -> Json:
        signal.pthread_kill(waiting, signal.SIGUSR1)
        return {"facts": []}

    def stopped(*_: Any) -> None:
        raise stop

    waiting, llm.answers = threading.get_ident(), interrupt
    before = signal.signal(signal.SIGUSR1, stopped)
    try:
        with override_settings(LLM_TOKENS_PER_DAY=SPENT), suppress(SystemExit):
            work(alice, queue(alice, "I like tea."))
    finally:
        signal.signal(signal.SIGUSR1, before)
    kept = budget(alice)
    assert (kept.used > 8_192, kept.reserved) == (True, 0)
