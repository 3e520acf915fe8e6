"""The order of processing does not matter: what was said last is believed (design.md §3.2)."""

import random
from typing import Any

import pytest

from loci.tenancy.context import tenant_tx
from memories.models import Attribute, Memory, Revision
from tests.conftest import Person
from tests.fakes.llm import FakeLLM
from tests.memories.support import APR, FEB, JAN, MAR, Json, fact, facts, queue, work

STATEMENTS = [
    (FEB, "Rome", "Lives in Rome"),
    (JAN, "Oslo", "Lives in Oslo"),
    (FEB, "Berlin", "Lives in Berlin"),
    (APR, "Berlin", "Lives in Berlin"),
    (MAR, "Berlin", "Lives in Berlin, in Mitte"),
    (JAN, "Oslo", "Lives in Oslo"),
    (APR, "Berlin", "Has lived in Berlin for long"),
]


@pytest.fixture
def llm(llm: FakeLLM) -> FakeLLM:
    """Reads `value: text` as the attribute "location"."""

    def read(data: Json) -> Json:
        value, text = data["messages"][0]["content"].split(": ")
        return facts(fact(text, attribute="location", value=value))

    llm.answers = read
    return llm


def believed_after(person: Person, user_id: str, order: list[int]) -> Any:
    """Accepts the statements in their own order, has them done in another, and returns all that is then believed."""
    accepted = [queue(person, f"{value}: {text}", user_id=user_id, timestamp=at) for at, value, text in STATEMENTS]
    for number in order:
        assert work(person, accepted[number])["status"] == "SUCCEEDED"
    with tenant_tx(person.tenant):
        (memory,) = Memory.objects.filter(user_id=user_id)
        attribute = Attribute.objects.get(memory=memory)
        intervals = Revision.objects.filter(memory=memory, recorded_to=None).values_list(
            "valid_from", "valid_to", "text", "attribute_value"
        )
        says = (memory.text, memory.hash, memory.created_at, memory.updated_at, attribute.value)
        return sorted(intervals, key=str), says


def test_statements_done_in_any_order_end_in_the_same_belief(alice: Person, llm: FakeLLM) -> None:
    in_order = list(range(len(STATEMENTS)))
    intervals, says = believed_after(alice, "in order", in_order)
    for seed in range(3):
        shuffled = random.Random(seed).sample(in_order, len(in_order))
        assert believed_after(alice, f"shuffled {seed}", shuffled) == (intervals, says), shuffled
    assert says[0] == "Has lived in Berlin for long"
    assert len(intervals) == len(STATEMENTS)


def test_late_statements_leave_no_gap_and_no_overlap(alice: Person, llm: FakeLLM) -> None:
    intervals, _ = believed_after(alice, "backwards", list(reversed(range(len(STATEMENTS)))))
    intervals.sort(key=lambda interval: (interval[0], interval[1] is None, interval[1]))
    ends = [interval[1] for interval in intervals]
    assert ends[:-1] == [interval[0] for interval in intervals[1:]]
    assert ends[-1] is None
