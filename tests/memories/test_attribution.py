"""Whose a fact is when an add names a user and an agent: a setting of the project (contract.md §14)."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from tests.conftest import Person
from tests.fakes.llm import FakeLLM
from tests.memories.support import Json, add, call, fact, facts, listed, relation, texts, verdicts

SAID = [
    {"role": "user", "content": "I live in Rome."},
    {"role": "assistant", "content": "My name is Ada."},
]
AT_ONCE, ROUNDS = 4, 8
BOTH = {"user_id": "alex", "agent_id": "ada", "app_id": "desk"}


@pytest.fixture
def apart(alice: Person) -> Person:
    """Alice, whose project gives each fact to its speaker."""
    call_command("project", alice.project_id, "--attribution", "speaker")
    return alice


def owners(person: Person) -> dict[str, tuple[Any, Any, Any]]:
    rows = listed(person, {"app_id": "desk"})
    return {row["memory"]: (row["user_id"], row["agent_id"], row["app_id"]) for row in rows}


def said_by_ada(text: str, **fields: Any) -> dict[str, Any]:
    return fact(text, **{"speaker": "assistant", "sources": [0], **fields})


def test_by_default_a_memory_keeps_both_ids(alice: Person) -> None:
    add(alice, SAID, **BOTH)
    assert owners(alice) == {"Lives in Rome": ("alex", "ada", "desk")}


def test_each_fact_may_belong_to_its_speaker(apart: Person) -> None:
    add(apart, SAID, **BOTH)
    assert owners(apart) == {"Lives in Rome": ("alex", None, "desk"), "Name is Ada": (None, "ada", "desk")}


def test_the_event_says_whose_each_memory_is(apart: Person) -> None:
    done = add(apart, SAID, **BOTH)
    assert [(item["memory"], item["user_id"]) for item in done["results"]] == [
        ("Lives in Rome", "alex"),
        ("Name is Ada", None),
    ]


def test_a_verbatim_add_keeps_both_ids_all_the_same(apart: Person) -> None:
    add(apart, SAID, infer=False, **BOTH)
    assert set(owners(apart).values()) == {("alex", "ada", "desk")}


def test_the_agent_s_facts_are_resolved_against_the_agent_s_memories(apart: Person) -> None:
    add(apart, SAID, **BOTH)
    done = add(apart, [{"role": "assistant", "content": "My name is Eve."}], **(BOTH | {"user_id": "bea"}))
    assert [(item["event"], item["memory"]) for item in done["results"]] == [("UPDATE", "Name is Eve")]
    assert owners(apart)["Name is Eve"] == (None, "ada", "desk")


def test_one_call_reads_both_speakers(apart: Person, llm: FakeLLM) -> None:
    llm.script(facts(fact("Lives in Rome"), said_by_ada("Speaks Italian")))
    assert verdicts(add(apart, SAID, **BOTH)) == ["stored", "stored"]
    assert len(llm.requests) == 1
    assert owners(apart) == {"Lives in Rome": ("alex", None, "desk"), "Speaks Italian": (None, "ada", "desk")}


def test_what_the_agent_says_cannot_change_what_the_user_said(apart: Person, llm: FakeLLM) -> None:
    llm.script(facts(fact("Lives in Rome")), facts(said_by_ada("Lives in Oslo", **relation("replaces"))))
    add(apart, SAID, **BOTH)
    add(apart, SAID, **BOTH)
    assert owners(apart) == {"Lives in Rome": ("alex", None, "desk"), "Lives in Oslo": (None, "ada", "desk")}


def test_adds_of_several_users_at_once_tell_an_agent_a_thing_once(apart: Person, llm: FakeLLM) -> None:
    together = Barrier(AT_ONCE, timeout=1)

    def answers(data: Json) -> Json:
        """The same to all, at the same moment. Two equal memories would stand if it were left to the model."""
        if "fact" in data:
            return {"relation": None, "candidate": None}
        with suppress(BrokenBarrierError):
            together.wait()
        return facts(said_by_ada("Speaks Italian"))

    llm.answers = answers
    agents = [f"agent {number}" for number in range(ROUNDS)]
    for agent in agents:  # Adds about a new entity would wait for its row.
        call(apart, "POST", "/v1/agents/", {"agent_id": agent, "name": agent})
    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(partial(_add_in_a_thread, apart), range(ROUNDS * AT_ONCE)))
    assert [texts(apart, {"agent_id": agent}) for agent in agents] == [["Speaks Italian"]] * ROUNDS


def _add_in_a_thread(person: Person, number: int) -> None:
    try:
        add(person, SAID, user_id=f"user {number}", agent_id=f"agent {number // AT_ONCE}")
    finally:
        connection.close()
