"""A memory is deleted with the older ones that it superseded (contract.md §5.12)."""

import pytest

from loci.tenancy.context import tenant_tx
from memories.models import Memory, MemoryState
from tests.conftest import Person
from tests.fakes.llm import FakeLLM
from tests.memories.support import Json, call, delete, fact, history, keep, memory, relation, scripted_add, texts
from tests.memories.test_delete import tables_with


def supersede(person: Person, llm: FakeLLM, text: str) -> str:
    """Adds a fact that makes the first candidate untrue, and returns its memory's id."""
    added = scripted_add(person, llm, fact(text, **relation("replaces")))["results"][0]
    assert added["event"] == "ADD"
    memory_id: str = added["id"]
    return memory_id


def delete_linked(person: Person, memory_id: str, value: str = "true") -> Json:
    answer: Json = delete(person, f"/v1/memories/{memory_id}/?delete_linked={value}")
    return answer


def test_a_chain_is_deleted_to_its_beginning(alice: Person, llm: FakeLLM) -> None:
    first = keep(alice, "Is looking for Rexus")
    second = supersede(alice, llm, "Has found Rexus")
    third = supersede(alice, llm, "Has lost Rexus")
    other = keep(alice, "Likes tea")
    assert memory(alice, first)["replaced_by"] == second
    assert delete_linked(alice, third) == {"message": "Memory deleted successfully!", "cascade_count": 2}
    for gone in (first, second, third):
        assert call(alice, "GET", f"/v1/memories/{gone}/").status_code == 404
        assert history(alice, gone)[-1]["event"] == "DELETE"
    assert texts(alice) == ["Likes tea"]
    assert memory(alice, other)["memory"] == "Likes tea"
    assert tables_with("rexus") == {"message"}


def test_newer_memories_stay(alice: Person, llm: FakeLLM) -> None:
    first = keep(alice, "Is looking for a flat")
    second = supersede(alice, llm, "Has found a flat")
    assert delete_linked(alice, first)["cascade_count"] == 0
    assert texts(alice) == ["Has found a flat"]
    assert memory(alice, second)["memory"] == "Has found a flat"


def test_what_other_memories_superseded_stays(alice: Person, llm: FakeLLM) -> None:
    first = keep(alice, "Is looking for a flat")
    supersede(alice, llm, "Has found a flat")
    assert delete_linked(alice, keep(alice, "Likes tea"))["cascade_count"] == 0
    assert memory(alice, first)["memory"] == "Is looking for a flat"


@pytest.mark.parametrize("value", ["false", "", "False", "0"])
def test_without_the_parameter_older_memories_stay(alice: Person, llm: FakeLLM, value: str) -> None:
    first = keep(alice, "Is looking for a flat")
    second = supersede(alice, llm, "Has found a flat")
    assert delete_linked(alice, second, value) == {"message": "Memory deleted successfully!"}
    assert memory(alice, first)["memory"] == "Is looking for a flat"


def test_a_value_that_is_none_deletes_nothing(alice: Person) -> None:
    kept = keep(alice, "Likes tea")
    assert call(alice, "DELETE", f"/v1/memories/{kept}/?delete_linked=perhaps").status_code == 400
    assert texts(alice) == ["Likes tea"]


def test_what_lies_before_a_deleted_memory_is_linked_all_the_same(alice: Person, llm: FakeLLM) -> None:
    first = keep(alice, "Is looking for a flat")
    second = supersede(alice, llm, "Has found a flat")
    third = supersede(alice, llm, "Has bought a flat")
    delete(alice, f"/v1/memories/{second}/")
    assert delete_linked(alice, third)["cascade_count"] == 1
    assert call(alice, "GET", f"/v1/memories/{first}/").status_code == 404


def test_a_long_chain_is_deleted_in_one_request(alice: Person) -> None:
    length = 500
    newest = keep(alice, "Likes tea")
    with tenant_tx(alice.tenant):
        chain = [Memory.objects.get(id=newest)]
        for number in range(length):
            chain.append(Memory(text=f"{number}", replaced_by=chain[-1], state=MemoryState.SUPERSEDED, user_id="alex"))
        Memory.objects.bulk_create(chain[1:])
    assert delete_linked(alice, newest)["cascade_count"] == length
    assert texts(alice, include_superseded=True) == []


def test_another_projects_chain_is_not_reached(alice: Person, bob: Person, llm: FakeLLM) -> None:
    keep(bob, "Is looking for a flat")
    theirs = supersede(bob, llm, "Has found a flat")
    assert call(alice, "DELETE", f"/v1/memories/{theirs}/?delete_linked=true").status_code == 404
    assert len(texts(bob, include_superseded=True)) == 2
