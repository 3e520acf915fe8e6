"""What becomes of a fact: every row of the table of verdicts (design.md §2)."""

import pytest

from loci.tenancy.context import tenant_tx
from memories.embedding import embedder
from memories.extraction.base import Fact
from memories.models import Event, Memory
from memories.resolution.resolver import NewMemory, Resolver
from memories.scope import Scope
from tests.conftest import Person
from tests.fakes.llm import FakeLLM
from tests.memories.support import (
    FEB,
    JAN,
    MAR,
    Json,
    add,
    fact,
    facts,
    history,
    keep,
    listed,
    lives_in,
    memory,
    put,
    relation,
    scripted_add,
    texts,
    verdicts,
)


def changes(person: Person, memory_id: str) -> list[tuple[str, str | None, str | None]]:
    return [(entry["event"], entry["old_memory"], entry["new_memory"]) for entry in history(person, memory_id)]


def test_a_new_fact_is_stored_as_a_new_memory(alice: Person, llm: FakeLLM) -> None:
    event = scripted_add(alice, llm, fact("Has a dog"))
    (result,) = event["results"]
    assert (result["event"], result["memory"], result["data"]) == ("ADD", "Has a dog", {"memory": "Has a dog"})
    assert result["previous_memory"] is None
    assert event["verdicts"] == [{"verdict": "stored", "memory": "Has a dog", "id": result["id"]}]
    assert changes(alice, result["id"]) == [("ADD", None, "Has a dog")]
    assert memory(alice, result["id"])["lifecycle_state"] == "active"


def test_a_refinement_is_merged_into_the_same_memory(alice: Person, llm: FakeLLM) -> None:
    kept = keep(alice, "Has a dog")
    event = scripted_add(alice, llm, fact("Has a dog called Rex", **relation("refines")))
    (result,) = event["results"]
    assert verdicts(event) == ["merged"]
    assert (result["id"], result["event"], result["memory"]) == (kept, "UPDATE", "Has a dog called Rex")
    assert result["previous_memory"] == result["old_memory"] == "Has a dog"
    assert changes(alice, kept) == [("ADD", None, "Has a dog"), ("UPDATE", "Has a dog", "Has a dog called Rex")]
    assert texts(alice) == ["Has a dog called Rex"]


def test_a_new_value_of_an_attribute_is_merged_without_a_word_of_the_model(alice: Person, llm: FakeLLM) -> None:
    first = scripted_add(alice, llm, lives_in("San Francisco"))["results"][0]["id"]
    event = scripted_add(alice, llm, lives_in("Berlin"))
    (result,) = event["results"]
    assert (result["id"], result["event"], result["old_memory"]) == (first, "UPDATE", "Lives in San Francisco")
    assert texts(alice) == ["Lives in Berlin"]


def test_a_contradicted_memory_is_superseded_hidden_and_can_still_be_read(alice: Person, llm: FakeLLM) -> None:
    old = keep(alice, "Is looking for a flat")
    event = scripted_add(alice, llm, fact("Has found a flat", **relation("replaces")))
    new, closed = event["results"]
    assert verdicts(event) == ["superseded"]
    assert (new["event"], new["memory"]) == ("ADD", "Has found a flat")
    assert (closed["id"], closed["event"], closed["memory"]) == (old, "DELETE", "Is looking for a flat")

    assert texts(alice) == ["Has found a flat"]
    assert texts(alice, include_superseded=True) == ["Has found a flat", "Is looking for a flat"]
    read = memory(alice, old)
    assert (read["memory"], read["lifecycle_state"]) == ("Is looking for a flat", "superseded")
    assert read["replaced_by"] == new["id"]
    assert [change[0] for change in changes(alice, old)] == ["ADD", "DELETE"]
    assert changes(alice, new["id"]) == [("ADD", None, "Has found a flat")]


def test_what_the_model_calls_a_duplicate_changes_nothing(alice: Person, llm: FakeLLM) -> None:
    kept = keep(alice, "Has a dog")
    event = scripted_add(alice, llm, fact("Owns a dog", **relation("duplicate")))
    assert verdicts(event) == ["duplicate"]
    assert [(result["id"], result["event"], result["memory"]) for result in event["results"]] == [
        (kept, "NOOP", "Has a dog")
    ]
    assert changes(alice, kept) == [("ADD", None, "Has a dog")]


def test_the_same_text_again_is_a_duplicate_without_a_word_of_the_model(alice: Person, llm: FakeLLM) -> None:
    kept = keep(alice, "Has a dog")
    event = scripted_add(alice, llm, fact("Has a dog"))
    assert verdicts(event) == ["duplicate"]
    assert event["results"][0]["id"] == kept


def test_a_fact_without_a_text_is_rejected_with_a_reason(alice: Person) -> None:
    with tenant_tx(alice.tenant):
        event = Event.objects.create(event_type="ADD")
        resolver = Resolver(Scope(user_id="alex"), event, "test", NewMemory(), {})
        (verdict,) = resolver.resolve([Fact(text="  ")], embedder().embed(["  "]))
    assert verdict.as_json() == {"verdict": "rejected", "memory": "  ", "reason": "The fact has no text."}
    assert list(verdict.results()) == []
    assert texts(alice) == []


def test_an_older_statement_that_arrives_late_is_history(alice: Person, llm: FakeLLM) -> None:
    kept = scripted_add(alice, llm, lives_in("Berlin"), timestamp=MAR)["results"][0]["id"]
    event = scripted_add(alice, llm, lives_in("San Francisco"), timestamp=JAN)
    assert verdicts(event) == ["earlier"]
    assert [(result["id"], result["event"]) for result in event["results"]] == [(kept, "NOOP")]
    assert texts(alice) == ["Lives in Berlin"]
    (late,) = [entry for entry in history(alice, kept) if entry["event"] == "UPDATE"]
    assert (late["new_memory"], late["old_memory"]) == ("Lives in San Francisco", None)
    assert (late["valid_from"][:7], late["valid_to"][:7]) == ("2026-01", "2026-03")


def test_what_follows_a_late_statement_changes_what_was_known_and_not_the_late_one(alice: Person, llm: FakeLLM) -> None:
    kept = scripted_add(alice, llm, lives_in("Berlin"), timestamp=FEB)["results"][0]["id"]
    scripted_add(alice, llm, lives_in("San Francisco"), timestamp=JAN)
    scripted_add(alice, llm, lives_in("Rome"), timestamp=MAR)
    assert changes(alice, kept)[-1] == ("UPDATE", "Lives in Berlin", "Lives in Rome")


def test_an_older_contradiction_that_arrives_late_supersedes_nothing(alice: Person, llm: FakeLLM) -> None:
    kept = keep(alice, "Has found a flat", timestamp=MAR)
    event = scripted_add(alice, llm, fact("Is looking for a flat", **relation("replaces")), timestamp=JAN)
    assert verdicts(event) == ["earlier"]
    assert event["results"][0]["id"] == kept
    assert texts(alice) == ["Has found a flat"]


def test_two_facts_of_one_add_may_name_the_same_candidate(alice: Person, llm: FakeLLM) -> None:
    kept = keep(alice, "Has a dog")
    event = scripted_add(
        alice,
        llm,
        fact("Has a dog called Rex", **relation("refines")),
        fact("Has a brown dog called Rex", **relation("refines")),
    )
    assert event["status"] == "SUCCEEDED"
    assert verdicts(event) == ["merged", "merged"]
    assert texts(alice) == ["Has a brown dog called Rex"]
    assert [change[2] for change in changes(alice, kept)] == [
        "Has a dog",
        "Has a dog called Rex",
        "Has a brown dog called Rex",
    ]


def test_the_later_of_two_values_in_one_add_counts(alice: Person, llm: FakeLLM) -> None:
    event = scripted_add(alice, llm, lives_in("Rome"), lives_in("Berlin"), lives_in("Oslo"))
    assert verdicts(event) == ["stored", "merged", "merged"]
    assert texts(alice) == ["Lives in Oslo"]


def test_an_attribute_that_another_run_stated_is_superseded(alice: Person, llm: FakeLLM) -> None:
    old = scripted_add(alice, llm, lives_in("Rome"), run_id="r1")["results"][0]["id"]
    event = scripted_add(alice, llm, lives_in("Berlin"), run_id="r2")
    assert verdicts(event) == ["superseded"]
    assert [row["run_id"] for row in listed(alice)] == ["r2"]
    assert memory(alice, old)["replaced_by"] == event["results"][0]["id"]


@pytest.mark.parametrize("kind", ["refines", "replaces"])
def test_an_immutable_memory_is_left_alone(alice: Person, llm: FakeLLM, kind: str) -> None:
    keep(alice, "Has a dog", immutable=True)
    event = scripted_add(alice, llm, fact("Has a cat", **relation(kind)))
    assert verdicts(event) == ["stored"]
    assert sorted(texts(alice)) == ["Has a cat", "Has a dog"]


def test_an_immutable_attribute_gets_a_memory_beside_it(alice: Person, llm: FakeLLM) -> None:
    scripted_add(alice, llm, lives_in("Rome"), immutable=True)
    scripted_add(alice, llm, lives_in("Berlin"))
    assert sorted(texts(alice)) == ["Lives in Berlin", "Lives in Rome"]


def test_an_expired_memory_hides_nothing_that_is_said_again(alice: Person, llm: FakeLLM) -> None:
    scripted_add(alice, llm, fact("Has a dog"), lives_in("Rome"), expiration_date="2020-01-01")
    event = scripted_add(alice, llm, fact("Has a dog"), lives_in("Rome"))
    assert verdicts(event) == ["stored", "stored"]
    assert sorted(texts(alice)) == ["Has a dog", "Lives in Rome"]


def test_an_attribute_that_was_edited_by_hand_is_replaced_by_the_next_statement(alice: Person, llm: FakeLLM) -> None:
    kept = scripted_add(alice, llm, lives_in("Rome"))["results"][0]["id"]
    put(alice, kept, text="Lives in Oslo")
    event = scripted_add(alice, llm, lives_in("Rome"))
    assert verdicts(event) == ["merged"]
    assert texts(alice) == ["Lives in Rome"]


@pytest.mark.parametrize("again", [lives_in("Rome"), lives_in("the city of Rome", **relation("duplicate"))])
def test_a_memory_that_was_kept_verbatim_learns_its_attribute(alice: Person, llm: FakeLLM, again: Json) -> None:
    kept = keep(alice, "Lives in Rome")
    assert verdicts(scripted_add(alice, llm, again)) == ["duplicate"]
    (result,) = scripted_add(alice, llm, lives_in("Berlin"))["results"]
    assert (result["id"], result["event"], result["old_memory"]) == (kept, "UPDATE", "Lives in Rome")


def test_where_a_statement_came_from_is_kept(alice: Person, llm: FakeLLM) -> None:
    messages = [{"role": "user", "content": "Hello."}, {"role": "user", "content": "I have a dog."}]
    llm.script(facts(fact("Has a dog", sources=[1])))
    event = add(alice, messages)
    (entry,) = history(alice, event["results"][0]["id"])
    assert entry["input"] == messages


def test_a_city_and_a_taste_are_replaced_offline_too(alice: Person) -> None:
    add(alice, "I live in San Francisco. I don't like cheese.")
    assert sorted(texts(alice)) == ["Does not like cheese", "Lives in San Francisco"]
    before = {row["memory"]: row["id"] for row in listed(alice)}
    moved = add(alice, "I moved to Berlin.")
    liked = add(alice, "Now I like cheese.")
    assert [(result["id"], result["event"]) for result in moved["results"] + liked["results"]] == [
        (before["Lives in San Francisco"], "UPDATE"),
        (before["Does not like cheese"], "UPDATE"),
    ]
    assert len(texts(alice)) == 2
    assert any("Berlin" in text for text in texts(alice))
    assert "Likes cheese" in texts(alice)


def test_a_vector_belongs_to_every_stored_text(alice: Person, llm: FakeLLM) -> None:
    kept = keep(alice, "Has a dog")
    scripted_add(alice, llm, fact("Has a dog called Rex", **relation("refines")))
    with tenant_tx(alice.tenant):
        row = Memory.objects.get(id=kept)
    assert row.embedding is not None
    assert row.embedding_model
