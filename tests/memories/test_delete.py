"""Deletion leaves no text behind (design.md §2, Deleting; contract.md §5.3, §5.12)."""

import json
from itertools import product
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import connections, transaction

from loci.tenancy.context import Tenant
from loci.tenancy.registry import PROJECT_TABLES
from memories.retrieval.filters.parser import UNKNOWN_KEY
from memories.services import deleting
from tests.conftest import Person, SetUp, make_person
from tests.fakes.llm import FakeLLM, data_of
from tests.memories.support import (
    Json,
    add,
    call,
    delete,
    event,
    fact,
    facts,
    get,
    history,
    job_of,
    keep,
    put,
    queue,
    relation,
    texts,
    work,
)
from workers.tasks.delete import DELETE
from workers.tasks.running import run

DELETING = "Delete in progress. This may take some time."


def tables_with(word: str) -> set[str]:
    """Returns the tables in which any row of any tenant holds `word`."""
    found = set()
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for table in sorted(PROJECT_TABLES):
            cursor.execute(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
            cursor.execute(f'SELECT count(*) FROM "{table}" AS t WHERE t::text ILIKE %s', [f"%{word}%"])
            if cursor.fetchone()[0]:
                found.add(table)
        transaction.set_rollback(True, using="owner")
    return found


def delete_all(person: Person, **parameters: str) -> Json:
    answer: Json = delete(person, f"/v1/memories/?{urlencode(parameters)}")
    return answer


def test_a_deleted_text_is_left_in_the_message_only(alice: Person, llm: FakeLLM) -> None:
    llm.script(facts(fact("Has a dog called Rexus", attribute="pet.dog", value="Rexus")))
    kept = add(alice, "I have a Rexus!")["results"][0]["id"]
    put(alice, kept, text="Has a big dog called Rexus")
    assert tables_with("rexus") == {"event", "memory", "message", "revision"}
    delete(alice, f"/v1/memories/{kept}/")
    assert tables_with("rexus") == {"message"}


def test_a_deleted_text_is_gone_from_the_event_that_superseded_it(alice: Person, llm: FakeLLM) -> None:
    old = keep(alice, "Has a dog called Rexus")
    llm.script(facts(fact("Has a cat", **relation("replaces"))))
    superseding = add(alice, "I have a cat now.")["id"]
    delete(alice, f"/v1/memories/{old}/")
    new, closed = event(alice, superseding)["results"]
    assert new["memory"] == "Has a cat"
    assert (closed["id"], closed["event"]) == (old, "DELETE")
    assert tables_with("rexus") == {"message"}


@pytest.mark.parametrize("repeat", [fact("Has a dog called Rexus"), fact("Owns the dog", **relation("duplicate"))])
def test_a_deleted_text_is_gone_from_the_events_that_repeated_it(alice: Person, llm: FakeLLM, repeat: Json) -> None:
    kept = keep(alice, "Has a dog called Rexus")
    llm.script(facts(repeat))
    repeating = add(alice, "My dog again.")["id"]
    delete(alice, f"/v1/memories/{kept}/")
    done = event(alice, repeating)
    assert [(item["id"], item["event"]) for item in done["results"]] == [(kept, "NOOP")]
    assert "Rexus" not in json.dumps(done)


def context_of_the_next_add(person: Person, llm: FakeLLM) -> list[str]:
    add(person, "Hello.")
    return [message["content"] for message in data_of(llm.requests[-1])["context"]]


@pytest.mark.parametrize("sources", [[0], []])
def test_messages_leave_the_context_with_their_last_memory(alice: Person, llm: FakeLLM, sources: list[int]) -> None:
    llm.script(facts(fact("Has a dog", sources=sources), fact("Has a cat", sources=sources)))
    dog, cat = (result["id"] for result in add(alice, "I have a dog and a cat.")["results"])
    delete(alice, f"/v1/memories/{dog}/")
    assert "I have a dog and a cat." in context_of_the_next_add(alice, llm)
    delete(alice, f"/v1/memories/{cat}/")
    assert "I have a dog and a cat." not in context_of_the_next_add(alice, llm)


def test_deleting_an_attribute_lets_its_next_value_be_a_new_memory(alice: Person) -> None:
    first = add(alice, "I live in Rome.")["results"][0]["id"]
    delete(alice, f"/v1/memories/{first}/")
    (result,) = add(alice, "I live in Berlin.")["results"]
    assert (result["event"], result["id"] != first) == ("ADD", True)


def test_all_given_filters_must_hold_for_a_deletion(alice: Person) -> None:
    keep(alice, "one", run_id="r1", metadata={"keep": "no"})
    keep(alice, "two", run_id="r1", metadata={"keep": "yes"})
    keep(alice, "three", run_id="r2", metadata={"keep": "no"})
    keep(alice, "four", user_id="bob", run_id="r1")
    answer = delete_all(alice, user_id="alex", run_id="r1", metadata='{"keep": "no"}')
    assert answer["message"] == DELETING
    assert event(alice, answer["event_id"])["status"] == "SUCCEEDED"
    assert sorted(texts(alice, {"user_id": "*"})) == ["four", "three", "two"]


@pytest.mark.parametrize("filters", ["{'AND': [{'user_id': 'alex'}, {'run_id': 'r1'}]}", '{"run_id": "r1"}'])
def test_filters_of_a_deletion_come_as_json_or_as_pythons_repr(alice: Person, filters: str) -> None:
    keep(alice, "one", run_id="r1")
    keep(alice, "two", run_id="r2")
    delete_all(alice, filters=filters)
    assert texts(alice) == ["two"]


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("user_id=alex&metadata[keep]=no", ["two"]),
        ("user_id=alex&metadata[keep]=no&metadata[number]=1", ["two", "three"]),
        ("user_id=alex&metadata=" + quote("{'keep': 'no', 'number': 3}"), ["one", "two"]),
        ("filters[user_id]=alex&metadata[keep]=yes", ["one", "three"]),
        ("filters[user_id]=alex&filters[run_id]=r1&metadata[number]=1", ["two", "three"]),
        ("filters[user_id]=alex&run_id=r1&metadata[keep]=other", ["one", "two", "three"]),
        ("userId=alex&filters=" + quote('{"runId": "r1"}') + "&metadata[keep]=no", ["two", "three"]),
    ],
)
def test_objects_in_the_address_are_read_in_every_spelling_and_all_hold(
    alice: Person, query: str, left: list[str]
) -> None:
    keep(alice, "one", run_id="r1", metadata={"keep": "no", "number": 1})
    keep(alice, "two", run_id="r1", metadata={"keep": "yes", "number": 2})
    keep(alice, "three", metadata={"keep": "no", "number": 3})
    delete(alice, f"/v1/memories/?{query}")
    assert sorted(texts(alice)) == sorted(left)


def test_a_wildcard_deletes_everything_that_has_such_an_entity(alice: Person, bob: Person) -> None:
    keep(alice, "one")
    keep(alice, "two", user_id="bob")
    keep(alice, "three", user_id=None, agent_id="helper")
    keep(bob, "four")
    delete_all(alice, user_id="*")
    assert texts(alice, {"agent_id": "*"}) == ["three"]
    assert texts(alice, {"user_id": "*"}) == []
    assert texts(bob) == ["four"]


ALL = {"user_id": "*", "agent_id": "*", "app_id": "*", "run_id": "*"}


def with_several() -> Person:
    """Alice with memories of every kind of entity."""
    alice = make_person("alice@example.com")
    keep(alice, "one", metadata={"keep": "no"})
    keep(alice, "two", user_id=None, agent_id="helper")
    keep(alice, "three", user_id=None, app_id="desk", metadata={"keep": "no"})
    keep(alice, "four", agent_id="helper", app_id="desk", run_id="r1", metadata={"keep": "yes"})
    return alice


@pytest.fixture
def several(set_up: SetUp) -> Person:
    return set_up("several to delete", with_several)


def everything(person: Person) -> list[str]:
    return sorted(texts(person, {"OR": [{name: "*"} for name in ALL]}))


def test_four_wildcards_wipe_the_project_and_no_other(several: Person, bob: Person) -> None:
    keep(bob, "five")
    answer = delete_all(several, **ALL)
    assert answer["message"] == DELETING
    done = event(several, answer["event_id"])
    assert (done["status"], done["payload"]) == ("SUCCEEDED", {"deleted": 4})
    assert (everything(several), everything(bob)) == ([], ["five"])


def test_a_wipe_is_folded_alike_by_the_worker(several: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deleting, "BATCH", 2)
    monkeypatch.setattr(deleting, "STEP_S", 0)
    event_id = delete_all(several, **ALL)["event_id"]
    for _ in range(2):
        run(DELETE, Tenant(several.tenant.project_id), job_of(several, event_id).id)
    assert event(several, event_id)["payload"] == {"deleted": 4}
    assert everything(several) == []


@pytest.mark.parametrize(
    ("parameters", "left"),
    [
        ({**ALL, "metadata": '{"keep": "no"}'}, ["four", "two"]),
        ({**ALL, "filters": '{"user_id": "alex"}'}, ["three", "two"]),
        ({**ALL, "filters": '{"agent_id": "*"}'}, ["one", "three"]),
        ({**ALL, "user_id": "nobody"}, ["four", "one", "three", "two"]),
        ({"agent_id": "*", "app_id": "*", "run_id": "*"}, ["one", "three", "two"]),
        ({"userId": "*", "agentId": "*", "appId": "*", "sessionId": "*"}, []),
    ],
)
def test_filters_narrow_a_wipe_and_fewer_wildcards_are_none(several: Person, parameters: Json, left: list[str]) -> None:
    delete_all(several, **parameters)
    assert everything(several) == left


def test_what_a_deletion_does_not_read_does_not_widen_it(alice: Person) -> None:
    kept = keep(alice, "one")
    for name in ("memory_ids", "memoryIds", "created_at", "text", "metadata.topic", "ids"):
        response = call(alice, "DELETE", f"/v1/memories/?{urlencode({'user_id': 'alex', name: kept})}")
        assert response.status_code == 400, name
    assert texts(alice) == ["one"]


NARROWING = [
    *[name.strip("' ") for name in UNKNOWN_KEY.partition("[")[2].rstrip("]").split(",")],
    *("filters", "start_date", "end_date", "userId", "sessionId", "memoryIds"),
    *("ids", "memories", "memory_id", "metadata.topic", "metadata[topic]"),
]


def test_a_body_that_would_narrow_a_deletion_is_refused(alice: Person) -> None:
    keep(alice, "one")
    values: list[Any] = ["x", {}, [{"run_id": "r1"}], False]
    for name, value in product(NARROWING, values):
        response = call(alice, "DELETE", "/v1/memories/?user_id=alex", {"source": "app", name: value})
        assert response.status_code == 400, (name, value)
        assert response.json()["detail"].startswith("The filters of a deletion belong in the query, not in the body:")
    assert texts(alice) == ["one"]


def test_a_body_that_narrows_nothing_is_ignored(alice: Person) -> None:
    keep(alice, "one")
    body = {"project_id": alice.project_id, "org_id": alice.org_id, "source": "app", "run_id": None, "other": 1}
    assert call(alice, "DELETE", "/v1/memories/?user_id=alex", body).status_code == 200
    assert texts(alice) == []


UNREADABLE = [
    "",
    "user_id=",
    "metadata={}",
    "filters={}",
    "unknown=alex",
    "filters=" + quote('{"NOT": {"user_id": "alex"}}'),
    "user_id=alex&filters=" + quote("[object Object]"),
    "user_id=alex&filters=" + quote('{"user_id": '),
    "user_id=alex&filters=" + quote('{"no_such_field": 1}'),
    "user_id=alex&filters=" + quote("__import__('os')"),
    "user_id=alex&metadata=x",
    "user_id=alex&metadata[]=x",
    "user_id=alex&metadata[topic=x",
    "user_id=alex&metadata[topic][]=x",
    "user_id=alex&metadata={}&metadata[topic]=x&metadata[topic][a]=x",
    "user_id=alex&" + quote("run_id[in]") + "=r1",
    "user_id=alex&" + quote("filters[no_such_field]") + "=r1",
    "user_id=alex&metadata=" + quote("[object Object]"),
    "user_id=alex&created_at=yesterday&filters=1",
]


def test_a_deletion_that_names_no_entity_or_cannot_be_read_deletes_nothing(alice: Person) -> None:
    keep(alice, "one")
    for query in UNREADABLE:
        response = call(alice, "DELETE", f"/v1/memories/?{query}")
        assert response.status_code == 400, query
        assert isinstance(response.json()["detail"], str), query
    assert texts(alice) == ["one"]


def test_deleting_what_nobody_knows_is_no_error(alice: Person) -> None:
    assert isinstance(delete_all(alice, user_id="nobody")["message"], str)
    assert isinstance(delete(alice, "/v2/entities/user/nobody/")["message"], str)


def test_an_erased_user_leaves_nothing_behind(alice: Person) -> None:
    add(alice, "I live in Rexus. I like tea.", metadata={"where": "Rexus"}, custom_instructions="About Rexus")
    keep(alice, "Rexus again")
    add(alice, [{"role": "user", "name": "Rexus", "content": "I said so."}], infer=False)
    kept = keep(alice, "Nothing of his", user_id="bob")
    queue(alice, "I moved to Rexus once more.")
    answer = delete(alice, "/v2/entities/user/alex/")
    assert answer["message"] == DELETING
    assert event(alice, answer["event_id"])["status"] == "SUCCEEDED"
    assert tables_with("rexus") == set()
    assert texts(alice, {"user_id": "*"}) == ["Nothing of his"]
    assert [entity["name"] for entity in get(alice, "/v1/entities/")["results"]] == ["bob"]
    assert [entry["event"] for entry in history(alice, kept)] == ["ADD"]


def test_an_add_in_flight_leaves_nothing_of_an_erased_user(alice: Person, llm: FakeLLM) -> None:
    def erase_and_answer(_data: Json) -> Json:
        delete(alice, "/v2/entities/user/alex/")
        return facts(fact("Has a dog called Rexus"))

    llm.answers = erase_and_answer
    done = work(alice, queue(alice, "I have a Rexus."))
    assert (done["status"], done["error"]) == ("FAILED", "The entity was erased.")
    assert texts(alice) == []
    assert tables_with("rexus") == set()


def test_a_large_erasure_goes_on_in_steps(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deleting, "BATCH", 2)
    monkeypatch.setattr(deleting, "STEP_S", 0)
    for number in range(5):
        keep(alice, f"Noteworthy {number}")
    event_id = delete(alice, "/v2/entities/user/alex/")["event_id"]
    assert event(alice, event_id)["status"] == "PENDING"
    for _ in range(4):
        run(DELETE, Tenant(alice.tenant.project_id), job_of(alice, event_id).id)
    assert (event(alice, event_id)["status"], event(alice, event_id)["payload"]) == ("SUCCEEDED", {"deleted": 5})
    assert tables_with("noteworthy") == set()


def test_an_erased_user_can_come_back(alice: Person) -> None:
    add(alice, "I live in Rome.")
    delete(alice, "/v2/entities/user/alex/")
    (result,) = add(alice, "I live in Berlin.")["results"]
    assert (result["event"], result["memory"]) == ("ADD", "Lives in Berlin")
