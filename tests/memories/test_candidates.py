"""What a model is shown beside the messages, and what comes of its answer (design.md §3.3)."""

import pytest

from memories.resolution.candidates import MOST
from tests.conftest import Person
from tests.fakes.llm import FakeLLM, data_of
from tests.memories.support import (
    APR,
    FEB,
    JAN,
    Json,
    add,
    fact,
    facts,
    keep,
    put,
    queue,
    relation,
    scripted_add,
    texts,
    verdicts,
    work,
)


@pytest.mark.parametrize("candidate", [7, -1])
def test_a_candidate_that_was_not_shown_is_ignored(alice: Person, llm: FakeLLM, candidate: int) -> None:
    keep(alice, "Has a dog")
    event = scripted_add(alice, llm, fact("Has a cat", **relation("replaces", candidate)))
    assert verdicts(event) == ["stored"]
    assert sorted(texts(alice)) == ["Has a cat", "Has a dog"]


def test_the_model_sees_numbers_and_never_ids(alice: Person, llm: FakeLLM) -> None:
    kept = keep(alice, "Has a dog")
    scripted_add(alice, llm, fact("Has a cat"))
    (request,) = llm.requests
    assert [candidate["number"] for candidate in data_of(request)["candidates"]] == [0]
    for secret in (kept, str(alice.tenant.project_id), alice.project_id, "alex"):
        assert secret not in str(request)


def test_a_memory_that_changes_while_the_model_reads_it_is_read_again(alice: Person, llm: FakeLLM) -> None:
    kept = keep(alice, "Has a dog")
    answer = facts(fact("Has a dog called Rex", **relation("refines")))

    def edit_and_answer(_data: Json) -> Json:
        if llm.calls == 1:
            put(alice, kept, text="Has two dogs")
        return answer

    llm.answers = edit_and_answer
    event = add(alice, "My dog is called Rex.")
    assert [data_of(request)["candidates"][0]["text"] for request in llm.requests] == ["Has a dog", "Has two dogs"]
    # What was said before the edit does not undo it.
    assert verdicts(event) == ["earlier"]
    assert texts(alice) == ["Has two dogs"]


def test_an_add_whose_memories_keep_changing_is_tried_again_later(alice: Person, llm: FakeLLM) -> None:
    kept = keep(alice, "Has a dog")

    def edit_and_answer(_data: Json) -> Json:
        put(alice, kept, text=f"Has {llm.calls} dogs")
        return facts(fact("Has a dog called Rex", **relation("refines")))

    llm.answers = edit_and_answer
    assert work(alice, queue(alice, "My dog is called Rex."))["status"] == "PENDING"
    assert llm.calls == 2
    assert texts(alice) == ["Has 2 dogs"]


def test_texts_that_are_alike_are_not_merged_by_that_alone(alice: Person, llm: FakeLLM) -> None:
    keep(alice, "Likes green tea with honey")
    event = scripted_add(alice, llm, fact("Likes green tea with lemon"))
    assert verdicts(event) == ["stored"]
    assert sorted(texts(alice)) == ["Likes green tea with honey", "Likes green tea with lemon"]


def unlike(number: int) -> str:
    """Returns one of many texts about deadlines, nearer to a message about them than any text about tea."""
    return f"Must meet the deadline of report number {number}"


def test_only_a_near_memory_that_was_not_shown_costs_a_second_call(alice: Person, llm: FakeLLM) -> None:
    for number in range(MOST):
        keep(alice, unlike(number))
    tea = keep(alice, "Drinks green tea every morning")
    decision = {"question": 0, **relation("duplicate", MOST)}
    llm.script(facts(fact("Drinks green tea each morning")), {"decisions": [decision]})
    event = add(alice, "Must I meet the deadline of the report?")
    extract, decide = map(data_of, llm.requests)
    assert tea not in str(extract)
    assert "Drinks green tea every morning" not in [shown["text"] for shown in extract["candidates"]]
    assert [shown["text"] for shown in decide["questions"][0]["candidates"]] == ["Drinks green tea every morning"]
    assert verdicts(event) == ["duplicate"]
    assert event["results"][0]["id"] == tea


def test_no_second_call_is_made_when_the_near_memory_was_shown(alice: Person, llm: FakeLLM) -> None:
    keep(alice, "Drinks green tea every morning")
    scripted_add(alice, llm, fact("Drinks green tea each morning"))
    assert llm.calls == 1


def test_a_short_message_is_shown_all_that_is_like_it_and_costs_one_call(alice: Person, llm: FakeLLM) -> None:
    for number in range(12):
        keep(alice, unlike(number))
    scripted_add(alice, llm, fact(unlike(12)))
    (request,) = llm.requests
    assert len(data_of(request)["candidates"]) == 12


def test_the_extractor_reads_the_earlier_messages_of_the_scope(alice: Person, llm: FakeLLM) -> None:
    add(alice, "I like tea.", timestamp=JAN)
    add(alice, "I like coffee.", timestamp=APR)
    add(alice, "I like water.", user_id="somebody else", timestamp=JAN)
    add(alice, "I like milk.", timestamp=FEB)
    assert [message["content"] for message in data_of(llm.requests[-1])["context"]] == ["I like tea."]


def test_what_a_user_told_an_agent_is_no_business_of_the_agent_alone(alice: Person, llm: FakeLLM) -> None:
    told = {"user_id": "alex", "agent_id": "bot"}
    scripted_add(alice, llm, fact("Lives in Rome"), **told)
    event = scripted_add(alice, llm, fact("Lives in Berlin", **relation("replaces")), user_id=None, agent_id="bot")
    shown = data_of(llm.requests[-1])
    assert shown["candidates"] == []
    assert "Something that was said." not in str(shown["context"])
    assert verdicts(event) == ["stored"]
    assert texts(alice, told) == ["Lives in Rome"]
