"""design.md §3.2: what is believed follows from when it was said, not from when it was processed."""

import os
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from loci.tenancy.context import tenant_tx
from memories.models import Memory, Revision
from tests.conftest import Person
from tests.fakes.llm import FakeLLM
from tests.fakes.settings import use
from workers.models import Job, JobState
from workers.tasks.add import ADD
from workers.tasks.running import run

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

ADDS = max(40, int(os.environ.get("CHAOS_ADDS", "1000")) // 5)
SEED = 7
FIRST_SAID_AT = datetime(2026, 1, 1, tzinfo=UTC)

Belief = list[tuple[str, str, datetime, datetime | None]]


def test_adds_in_any_order_end_in_the_same_memories(alice: Person, bob: Person) -> None:
    shuffled = list(range(ADDS))
    random.Random(SEED).shuffle(shuffled)
    with FakeLLM() as llm, use(llm):
        _perform(alice, list(range(ADDS)))
        _perform(bob, shuffled)
    assert _belief(alice)
    assert _belief(bob) == _belief(alice)


def _perform(person: Person, order: list[int]) -> None:
    jobs = [_accept(person, number) for number in range(ADDS)]
    for number in order:
        assert run(ADD, person.tenant, jobs[number])
    with tenant_tx(person.tenant):
        assert {job.state for job in Job.objects.all()} == {JobState.DONE}


def _accept(person: Person, number: int) -> UUID:
    """One add of a user who moves every day, likes something or not every third, and repeats themself now and then."""
    moves = f"I live in Town {number // 2}." if number % 3 else f"I {'love' if number % 2 else 'hate'} cheese."
    body = {
        "messages": [{"role": "user", "content": moves}],
        "user_id": "alex",
        "timestamp": int((FIRST_SAID_AT + timedelta(days=number)).timestamp()),
    }
    answer = person.client.post("/v3/memories/add/", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    with tenant_tx(person.tenant):
        return Job.objects.get(event_id=answer.json()["event_id"]).id


def _belief(person: Person) -> Belief:
    """What is believed to have been true when: text and interval of every current revision, with its memory's state."""
    with tenant_tx(person.tenant):
        states = dict(Memory.objects.values_list("id", "state"))
        current = Revision.objects.filter(recorded_to=None).values_list("memory", "text", "valid_from", "valid_to")
        return sorted((text, states[memory], begin, end) for memory, text, begin, end in current)
