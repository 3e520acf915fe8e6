"""What an add costs at most, over its whole life (reliability.md E3): counted where it is paid for."""

from collections.abc import Iterator

import pytest

from loci.net import breaker
from loci.tenancy.context import tenant_tx
from memories.models import Message
from memories.services import adding
from tests.conftest import Person
from tests.fakes.llm import FakeLLM, Fault
from tests.fakes.settings import unreachable_embedder, use_for_all
from tests.memories.support import (
    JAN,
    Json,
    add,
    change_job,
    event,
    fact,
    facts,
    job_of,
    keep,
    put,
    queue,
    relation,
    texts,
    work,
)
from workers.models import JobState

MOST_REQUESTS = 12
MOST_CALLS, MOST_EMBEDDINGS = 4, 3


@pytest.fixture
def llm(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLLM]:
    """A model and an embedder that are asked again at once after a failure."""
    monkeypatch.setattr(breaker, "OPEN_S", 0.0)
    with FakeLLM() as server, use_for_all(server):
        yield server


@pytest.mark.parametrize("fault", [Fault.ERROR_500, Fault.GARBAGE, Fault.TRUNCATED])
def test_an_add_that_keeps_failing_is_given_up_after_twelve_requests(alice: Person, llm: FakeLLM, fault: Fault) -> None:
    keep(alice, "Has a dog")
    before, llm.fault = llm.embeddings, fault
    queued = queue(alice, "My dog is called Rex.")
    while event(alice, queued)["status"] == "PENDING":
        change_job(alice, queued, not_before=JAN)
        work(alice, queued)
    assert llm.calls + llm.embeddings - before == MOST_REQUESTS
    failed = event(alice, queued)
    assert failed["status"] == "FAILED"
    assert failed["error"] == "Remote models were asked 12 times, and the work is still not done."
    assert texts(alice) == ["Has a dog"]
    with tenant_tx(alice.tenant):
        assert Message.objects.filter(event_id=queued, content="My dog is called Rex.").exists()


def test_both_tries_of_an_add_share_four_calls(alice: Person, llm: FakeLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adding, "MOST", 1)
    keep(alice, "Must meet the deadline of the report")
    dog = keep(alice, "Has a dog called Max")

    def change_and_answer(data: Json) -> Json:
        if llm.calls % 2:
            return {"no": "answer"}
        if "questions" not in data:
            return facts(fact("Has a dog called Rex"))
        put(alice, dog, text=f"Has {llm.calls} dogs called Max")
        return {"decisions": [{"question": 0, **relation("refines", 1)}]}

    llm.answers = change_and_answer
    assert add(alice, "Must I meet the deadline of the report?")["status"] == "PENDING"
    assert llm.calls == MOST_CALLS


def test_both_tries_of_an_add_in_two_scopes_make_three_embeddings(alice: Person, llm: FakeLLM) -> None:
    both = {"user_id": "alex", "agent_id": "bot"}
    kept = keep(alice, "Has a dog", **both)
    before = llm.embeddings

    def change_and_answer(_data: Json) -> Json:
        put(alice, kept, text=f"Has {llm.calls} dogs")
        return facts(fact("Has a dog called Rex", **relation("refines")))

    llm.answers = change_and_answer
    edits = 2
    assert add(alice, "My dog is called Rex.", **both)["status"] == "PENDING"
    assert (llm.calls, llm.embeddings - before - edits) == (2, MOST_EMBEDDINGS)


def test_while_the_way_to_the_model_is_closed_a_waiting_add_costs_nothing(
    alice: Person, llm: FakeLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(alice, "Has a dog")
    queued = queue(alice, "My dog is called Rex.")
    monkeypatch.setattr(breaker, "OPEN_S", 60.0)
    llm.fault = Fault.UNAUTHORIZED
    for number in range(breaker.MAX_FAILED_IN_A_ROW):
        work(alice, queue(alice, "My dog is called Rex.", user_id=f"user-{number}"))
    asked = llm.calls, llm.embeddings
    for _ in range(MOST_REQUESTS):
        change_job(alice, queued, not_before=JAN)
        assert work(alice, queued)["status"] == "PENDING"
    assert (llm.calls, llm.embeddings) == asked
    job = job_of(alice, queued)
    assert (job.state, job.attempt, job.requests) == (JobState.PENDING, 0, 0)


def test_a_model_that_cannot_be_reached_uses_nothing_up(alice: Person, llm: FakeLLM) -> None:
    queued = queue(alice, "My dog is called Rex.")
    llm.stop()
    assert work(alice, queued)["status"] == "PENDING"
    assert job_of(alice, queued).requests == 0


def test_a_model_that_takes_no_request_uses_nothing_up(alice: Person, llm: FakeLLM) -> None:
    queued = queue(alice, "My dog is called Rex.")
    llm.fault = Fault.RATE_LIMITED
    assert work(alice, queued)["status"] == "PENDING"
    assert llm.calls > 1
    assert (job_of(alice, queued).requests, job_of(alice, queued).soft) == (0, 1)


def test_while_the_way_to_the_embedder_is_closed_a_waiting_add_costs_nothing(
    alice: Person, llm: FakeLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "OPEN_S", 60.0)
    with unreachable_embedder():
        queued = queue(alice, "My dog is called Rex.")
        for number in range(2):
            work(alice, queue(alice, "My dog is called Rex.", user_id=f"user-{number}"))
        asked = llm.calls
        for _ in range(MOST_REQUESTS + 1):
            change_job(alice, queued, not_before=JAN)
            assert work(alice, queued)["status"] == "PENDING"
    assert llm.calls == asked
