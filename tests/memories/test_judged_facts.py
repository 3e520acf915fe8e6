"""What an extractor judges of a fact, and who vouches for it (design.md §3, reliability.md §2.11)."""

from typing import Any

import pytest

from loci.tenancy.context import tenant_tx
from memories.models import Revision
from tests.conftest import Person
from tests.fakes.llm import FakeLLM, data_of
from tests.memories.support import (
    JAN,
    Json,
    add,
    call,
    fact,
    facts,
    get,
    keep,
    lives_in,
    memory,
    put,
    relation,
    scripted_add,
    search,
    texts,
    verdicts,
)

EDGE = {"source": "user", "relation": "works at", "target": "Acme"}


def revisions(person: Person) -> list[Revision]:
    with tenant_tx(person.tenant):
        return list(Revision.objects.order_by("id"))


def test_what_is_judged_of_a_fact_is_part_of_the_memory_and_of_what_a_search_finds(alice: Person, llm: FakeLLM) -> None:
    judged = {"event_time": "2026-03-01", "lifetime": "temporary", "importance": 4, "topics": ["Acme"]}
    event = scripted_add(alice, llm, fact("Starts to work at Acme", relations=[EDGE], **judged))
    stored = memory(alice, event["results"][0]["id"])
    shown = {
        **judged,
        "event_time": "2026-03-01T00:00:00.000000+00:00",
        "relations": [EDGE],
        "trust": "user",
        "flags": [],
    }
    assert shown.items() <= stored.items()
    assert shown.items() <= search(alice, "work")[0].items()


def test_a_merge_judges_anew(alice: Person, llm: FakeLLM) -> None:
    scripted_add(alice, llm, lives_in("Rome", topics=["Rome"], importance=5))
    event = scripted_add(alice, llm, lives_in("Oslo", topics=["Oslo"], importance=4))
    merged = memory(alice, event["results"][0]["id"])
    assert (merged["topics"], merged["importance"]) == (["Oslo"], 4)


def test_what_was_judged_of_a_text_does_not_outlive_it(alice: Person, llm: FakeLLM) -> None:
    event = scripted_add(
        alice, llm, fact("Works at Acme", categories=["jobs"], topics=["Acme"], importance=4, relations=[EDGE])
    )
    edited = put(alice, event["results"][0]["id"], text="Likes tea")
    assert (edited["topics"], edited["importance"], edited["relations"], edited["categories"]) == ([], None, [], None)


def test_what_matters_at_the_moment_only_is_rejected_with_that_reason(alice: Person, llm: FakeLLM) -> None:
    event = scripted_add(alice, llm, fact("Is hungry", lifetime="momentary"), fact("Has a dog"))
    assert verdicts(event) == ["rejected", "stored"]
    assert event["verdicts"][0]["reason"] == "It matters at this moment only."
    assert texts(alice) == ["Has a dog"]


def test_memories_of_the_same_topics_are_candidates_however_they_are_worded(alice: Person, llm: FakeLLM) -> None:
    scripted_add(alice, llm, fact("Their manager there is called Kim", topics=["ACME corp"]))
    for number in range(12):
        keep(alice, f"Met the deadline of report number {number}")
    add(alice, "Today we met the deadline of a report at Acme Corp.")
    assert "Their manager there is called Kim" in [shown["text"] for shown in data_of(llm.requests[-1])["candidates"]]


def test_at_most_thirty_candidates_are_shown(alice: Person, llm: FakeLLM) -> None:
    cities = [fact(f"Has been to town {n}", attribute=f"been.{n}", value="yes", topics=["Acme"]) for n in range(40)]
    scripted_add(alice, llm, *cities)
    add(alice, [{"role": "user", "content": f"Have I been to town {n}, Acme?"} for n in range(12)])
    assert len(data_of(llm.requests[-1])["candidates"]) == 30


def test_every_revision_says_where_it_came_from(alice: Person, llm: FakeLLM) -> None:
    messages = [
        {"role": "assistant", "content": "Where do you live?"},
        {"role": "user", "name": "Mara", "content": "In Rome."},
    ]
    llm.script(facts(lives_in("Rome", sources=[1])))
    event = add(alice, messages)
    put(alice, event["results"][0]["id"], text="Lives in Rome, Italy")
    added, closed, edited = revisions(alice)
    with tenant_tx(alice.tenant):
        assert added.event.actor_id is not None
    for one in (added, closed):
        assert (str(one.event_id), one.sources, one.speaker, one.speaker_name) == (event["id"], [1], "user", "Mara")
        assert (one.trust, one.attribute_key) == ("user", "location")
        assert one.extractor.endswith("/add-3")
    assert (edited.event_id, edited.speaker, edited.trust) == (None, "api", "user")
    assert None not in {one.key_id for one in (added, closed, edited)} | {one.actor_id for one in (added, edited)}


TOOL = [{"role": "user", "content": "Look me up."}, {"role": "tool", "content": "Lives in Oslo. Has a cat."}]


def told_by_a_tool(person: Person, llm: FakeLLM, *found: Json, **parameters: Any) -> Json:
    llm.script(facts(*({**one, "sources": [1]} for one in found)))
    return add(person, TOOL, **parameters)


def test_what_a_tool_says_changes_nothing_that_a_user_said(alice: Person, llm: FakeLLM) -> None:
    scripted_add(alice, llm, lives_in("Rome"))
    scripted_add(alice, llm, fact("Has a dog"))
    before = get(alice, "/v1/memories/events/")["count"]
    event = told_by_a_tool(
        alice,
        llm,
        lives_in("Oslo"),
        fact("Has a cat", **relation("replaces", 1)),
        fact("Has a dog", **relation("duplicate", 1)),
    )
    assert verdicts(event) == ["stored", "stored", "duplicate"]
    assert sorted(texts(alice)) == ["Has a cat", "Has a dog", "Lives in Oslo", "Lives in Rome"]
    assert get(alice, "/v1/memories/events/")["count"] == before + 2
    oslo = memory(alice, event["results"][0]["id"])
    assert oslo["trust"] == "external"
    # Nor does it take the attribute: a user's next word is still about their own memory.
    assert verdicts(scripted_add(alice, llm, lives_in("Bern"))) == ["merged"]
    assert "Lives in Rome" not in texts(alice)


def test_what_a_tool_said_is_changed_by_users_and_by_tools(alice: Person, llm: FakeLLM) -> None:
    told_by_a_tool(alice, llm, lives_in("Oslo"))
    assert verdicts(told_by_a_tool(alice, llm, lives_in("Rome"))) == ["merged"]
    event = scripted_add(alice, llm, lives_in("Bern"))
    assert verdicts(event) == ["merged"]
    assert memory(alice, event["results"][0]["id"])["trust"] == "user"


def test_an_older_word_of_a_tool_is_no_part_of_a_users_history(alice: Person, llm: FakeLLM) -> None:
    event = scripted_add(alice, llm, lives_in("Rome"))
    assert verdicts(told_by_a_tool(alice, llm, lives_in("Oslo"), timestamp=JAN)) == ["stored"]
    assert len(get(alice, f"/v1/memories/{event['results'][0]['id']}/history/")) == 1


def test_one_event_changes_ten_candidates_at_the_most(alice: Person, llm: FakeLLM) -> None:
    scripted_add(alice, llm, *(fact(f"Has pet {n}") for n in range(12)))
    llm.script(facts(*(fact(f"Lost pet {n}", **relation("replaces", n)) for n in range(12))))
    event = add(alice, [{"role": "user", "content": f"I lost pet {n}"} for n in range(12)])
    assert verdicts(event) == ["superseded"] * 10 + ["stored"] * 2


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC"])
def test_the_days_of_the_speaker_are_counted(alice: Person, llm: FakeLLM, name: str) -> None:
    add(alice, "Yesterday I moved.", observation_date="2026-01-15T23:30:00+00:00", timezone=name)
    told = data_of(llm.requests[-1])
    assert told["weekday"] == {"Europe/Berlin": "Friday", "UTC": "Thursday"}[name]


@pytest.mark.parametrize(
    "wrong",
    [
        {"timezone": "Mars/Olympus"},
        {"observation_date": "soon"},
        {"structured_data_schema": [1]},
        {"structured_data_schema": {"properties": {"seat": "aisle"}}},
    ],
)
def test_what_cannot_steer_an_extraction_is_refused(alice: Person, wrong: Json) -> None:
    assert call(alice, "POST", "/v3/memories/add/", {"messages": "Hi", "user_id": "alex", **wrong}).status_code == 400
