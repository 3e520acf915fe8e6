"""Reliability E1: whatever a model answers, no add is lost and no rubbish is kept."""

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from loci.local.programs import wait_for
from memories.models import EventStatus
from tests.conftest import Person, Services
from tests.fakes.llm import FakeLLM, Fault
from tests.faults.drive import random_words
from tests.faults.processes import BUDGET_S, environment, running
from tests.faults.queued import accept, cut_waits_short, remembered, with_status

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1800)]

MODES = {
    Fault.ERROR_500: 6,
    Fault.RATE_LIMITED: 4,
    Fault.GARBAGE: 8,
    Fault.INVALID_SCHEMA: 8,
    Fault.TRUNCATED: 6,
    Fault.HUGE: 4,
    Fault.DRIP: 2,
    Fault.HANG: 2,
}
"""How the model fails, and how many times before it is well again."""
ADDS_PER_MODE = 0.1
"""Of the size of the chaos run."""
FAILED_WITHIN_S, DONE_WITHIN_S = 120, 300


@pytest.fixture
def llm(services: Services, alice: Person, tmp_path: Path) -> Iterator[FakeLLM]:
    """A model that real workers ask."""
    with FakeLLM() as llm, running(environment(services.environment(), llm.base_url, tmp_path), tmp_path):
        yield llm


def test_no_answer_of_a_model_loses_an_add_or_leaves_rubbish(
    services: Services, alice: Person, llm: FakeLLM, adds: int
) -> None:
    said: list[str] = []
    for mode, failures in MODES.items():
        began, before, llm.fault = time.monotonic(), llm.calls, mode
        texts = [random_words() for _ in range(int(adds * ADDS_PER_MODE))]
        events = accept(alice.tenant, texts)
        _await_calls(llm, before + failures)
        llm.fault, failed = None, llm.calls - before
        _await_success(services, alice, events)
        done = f"{len(events)} adds done after {failed} bad answers, in {llm.calls - before} calls"
        print(f"{mode}: {done}, {time.monotonic() - began:.0f} s")  # noqa: T201 - the figures are to be published
        said += texts
    assert remembered(alice.tenant) == sorted(f"Said: {text}" for text in said)
    print(f"the longest call took {llm.longest_s:.1f} s")  # noqa: T201 - as above
    assert llm.longest_s < BUDGET_S + 4  # Without the budget, the job's own limit would end it after nine.


def _await_calls(llm: FakeLLM, calls: int) -> None:
    assert wait_for(lambda: llm.calls >= calls, FAILED_WITHIN_S), f"The model was not asked: {llm.fault}."


def _await_success(services: Services, person: Person, events: list[UUID]) -> None:
    def are_done() -> bool:
        cut_waits_short(services, person.tenant)
        return with_status(person.tenant, events, EventStatus.SUCCEEDED) == len(events)

    assert wait_for(are_done, DONE_WITHIN_S), "Adds are left over."
