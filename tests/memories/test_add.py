"""Adds in the shapes of contract.md §5.1 and §5.7."""

import hashlib
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Person
from tests.fakes.llm import FakeLLM, Fault
from tests.memories.support import (
    JAN,
    Json,
    add,
    call,
    change_job,
    event,
    get,
    keep,
    listed,
    memory,
    ok,
    post,
    queue,
    search,
    texts,
    work,
)

V1, V3 = "/v1/memories/", "/v3/memories/add/"
TEA = [{"role": "user", "content": "I like tea."}]
QUEUED = "Memory processing has been queued for background execution"


def is_uuid(text: str) -> bool:
    return str(UUID(text)) == text


def test_v3_answers_at_once_with_the_event(alice: Person) -> None:
    answer = post(alice, V3, messages=TEA, user_id="alex")
    assert is_uuid(answer.pop("event_id"))
    assert answer == {"message": QUEUED, "status": "PENDING", "results": []}


def test_v3_answers_a_synchronous_add_with_its_results(alice: Person) -> None:
    answer = post(alice, V3, messages=TEA, user_id="alex", async_mode=False)
    assert (answer["message"], answer["status"]) == ("Memories stored successfully", "SUCCEEDED")
    (result,) = answer["results"]
    assert is_uuid(result["id"])
    assert (result["event"], result["memory"]) == ("ADD", "Likes tea")


def test_v3_keeps_messages_as_they_are_without_inference(alice: Person) -> None:
    messages = [
        {"role": "system", "content": "You are helpful."},
        {"role": "user", "content": "What is the capital of France?"},
        {"role": "assistant", "content": "Paris."},
    ]
    answer = post(alice, V3, messages=messages, user_id="alex", infer=False)
    assert answer["status"] == "SUCCEEDED"
    assert [(result["event"], result["data"]) for result in answer["results"]] == [
        ("ADD", {"memory": "What is the capital of France?"}),
        ("ADD", {"memory": "Paris."}),
    ]


def test_the_same_text_in_the_same_scope_is_kept_once_without_inference(alice: Person) -> None:
    kept = keep(alice, "Likes tea")
    (result,) = add(alice, "Likes tea", infer=False)["results"]
    assert (result["id"], result["event"]) == (kept, "NOOP")
    keep(alice, "Likes tea", run_id="r1")
    keep(alice, "Likes tea", user_id="bob")
    assert len(texts(alice)) == 2


@pytest.mark.parametrize(
    ("parameters", "shape"),
    [
        ({}, lambda items: items),
        ({"output_format": "v1.0"}, lambda items: items),
        ({"output_format": "v1.1"}, lambda items: items["results"] if items["relations"] == [] else None),
        ({"output_format": "v1.1", "version": "v2", "api_version": "v2"}, lambda items: items["results"]),
    ],
)
def test_v1_answers_with_a_list_or_the_object_of_v1_1(alice: Person, parameters: Json, shape: Any) -> None:
    (queued,) = shape(post(alice, V1, messages=TEA, user_id="alex", **parameters))
    assert is_uuid(queued.pop("event_id"))
    assert queued == {"message": QUEUED, "status": "PENDING"}

    (done,) = shape(post(alice, V1, messages=TEA, user_id="alex", async_mode=False, **parameters))
    assert (done["event"], done["memory"], done["data"]) == ("ADD", "Likes tea", {"memory": "Likes tea"})

    (verbatim,) = shape(post(alice, V1, messages="Tea!", user_id="alex", infer=False, **parameters))
    assert verbatim["memory"] == "Tea!"


@pytest.mark.parametrize(
    "messages",
    [
        "I like tea.",
        {"role": "user", "content": "I like tea."},
        [{"role": "user", "content": "I like tea."}],
        ["I like tea."],
        [{"role": "user", "content": {"type": "text", "text": "I like tea."}}],
        [{"role": "user", "content": [{"type": "text", "text": "I like tea."}], "name": "Alex", "unknown": 1}],
        [{"role": "assistant", "content": None}, {"content": "I like tea."}, {"role": "tool", "content": ""}],
    ],
)
def test_messages_come_in_many_forms(alice: Person, messages: Any) -> None:
    assert [result["memory"] for result in add(alice, messages)["results"]] == ["Likes tea"]


BAD_PARAMETERS: list[Json] = [
    {"messages": None},
    {"messages": []},
    {"messages": "   "},
    {"messages": 5},
    {"messages": [[]]},
    {"messages": [{"role": "user"}]},
    {"messages": [{"role": "wizard", "content": "x"}]},
    {"messages": [{"role": ["user"], "content": "x"}]},
    {"messages": [{"role": "user", "content": 7}]},
    {"messages": [{"role": "user", "content": "x" * 100_001}]},
    {"messages": ["x"] * 501},
    {"messages": ["x" * 99_999] * 5},
    {"messages": [{"role": "user", "content": "x", "name": 5}]},
    {"messages": [{"role": "user", "content": {"type": "image_url", "image_url": {"url": "https://localhost"}}}]},
    {"user_id": None},
    {"user_id": "   "},
    {"user_id": "x" * 257},
    {"user_id": "a\u0007b"},
    {"user_id": ["alex"]},
    {"metadata": []},
    {"metadata": {"k": "x" * 16_385}},
    {"metadata": {"k": {"k": {"k": {"k": {"k": {}}}}}}},
    {"metadata": {str(number): 1 for number in range(201)}},
    {"metadata": {"k" * 129: 1}},
    {"expiration_date": "tomorrow"},
    {"timestamp": "yesterday"},
    {"timestamp": 1e15},
    {"timestamp": True},
    {"timestamp": "0001-01-01T00:00:00+14:00"},
    {"timestamp": "9999-12-31T23:59:59-14:00"},
    {"custom_categories": [{"": "nothing"}]},
    {"custom_instructions": "x" * 10_001},
    {"infer": "perhaps"},
]


@pytest.mark.parametrize("path", [V1, V3])
def test_bad_input_is_refused_and_leaves_nothing(alice: Person, path: str) -> None:
    for bad in BAD_PARAMETERS:
        response = call(alice, "POST", path, {"messages": TEA, "user_id": "alex", **bad})
        assert response.status_code == 400, bad
        assert isinstance(response.json()["detail"], str), bad
    assert get(alice, "/v1/events/")["count"] == 0


def test_v1_refuses_bad_input_in_the_hosted_words(alice: Person) -> None:
    body = call(alice, "POST", V1, {"messages": TEA}).json()
    assert body["error"] == "400 Bad Request"
    assert body["details"]["message"].startswith("Invalid input data. Please refer to the memory creation")


def test_keys_of_all_clients_are_understood_and_unknown_ones_ignored(alice: Person) -> None:
    names = {"userId": "alex", "sessionId": "s1", "runId": None, "agent_id": "", "asyncMode": True}
    ignored = {"enableGraph": True, "structured_data_schema": {"type": "object"}, "source": "N8N", "no_such_key": [1]}
    post(alice, V3, messages="Hello", infer=False, timestamp=None, **names, **ignored)
    (row,) = listed(alice)
    assert (row["user_id"], row["agent_id"], row["run_id"], row["session_id"]) == ("alex", None, "s1", "s1")


def test_a_memory_carries_what_the_add_said_about_it(alice: Person) -> None:
    kept = keep(
        alice, "Likes tea", timestamp=1767225600, expiration_date="2099-01-01", immutable=True,
        metadata={"topic": "drinks"}, agent_id="helper", app_id="shop", run_id="r1",
    )  # fmt: skip
    row = memory(alice, kept)
    expected = {
        "memory": "Likes tea",
        "metadata": {"topic": "drinks"},
        "categories": None,
        "expiration_date": "2099-01-01",
        "immutable": True,
        "user_id": "alex",
        "agent_id": "helper",
        "app_id": "shop",
        "run_id": "r1",
        "session_id": "r1",
        "hash": hashlib.md5(b"Likes tea").hexdigest(),
        "created_at": "2026-01-01T00:00:00.000000+00:00",
        "replaced_by": None,
    }
    assert {name: row[name] for name in expected} == expected
    assert row["structured_attributes"]["day_of_week"] == "thursday"


@pytest.mark.parametrize("timestamp", [1768046400, 1768046400.0, JAN, "1768046400", "2026-01-10T12:00:00Z"])
def test_a_timestamp_dates_back_in_any_form(alice: Person, timestamp: Any) -> None:
    assert memory(alice, keep(alice, "Likes tea", timestamp=timestamp))["created_at"] == JAN.replace("+", ".000000+")


def test_an_event_tells_what_became_of_the_add(alice: Person, llm: FakeLLM) -> None:
    seen: list[str] = []

    def look(_data: Json) -> Json:
        seen.append(event(alice, queued)["status"])
        return {"facts": [{"text": "Likes tea"}]}

    llm.answers = look
    queued = queue(alice, "I like tea.", metadata={"topic": "drinks"})
    before = event(alice, queued)
    assert (before["status"], before["results"], before["started_at"]) == ("PENDING", [], None)
    assert before["event_type"] == "ADD"
    assert before["payload"]["metadata"] == before["metadata"] == {"topic": "drinks"}
    assert "I like tea" not in str(before)

    done = work(alice, queued)
    assert [*seen, done["status"]] == ["RUNNING", "SUCCEEDED"]
    assert [(result["memory"], result["user_id"]) for result in done["results"]] == [("Likes tea", "alex")]
    assert done["latency"] > 0
    assert done["error"] is None
    assert [hit["memory"] for hit in search(alice, "tea")] == ["Likes tea"]


def test_an_event_fails_with_a_reason_when_its_job_is_given_up(alice: Person, llm: FakeLLM) -> None:
    llm.fault = Fault.UNAUTHORIZED
    queued = queue(alice, "I like tea.")
    change_job(alice, queued, soft=14, attempt=14)
    failed = work(alice, queued)
    assert (failed["status"], failed["results"]) == ("FAILED", [])
    assert failed["error"] == "A dependency kept failing."
    assert failed["completed_at"]


def test_a_synchronous_add_whose_model_fails_goes_on_as_a_queued_one(alice: Person, llm: FakeLLM) -> None:
    llm.fault = Fault.UNAUTHORIZED
    answer = post(alice, V3, messages=TEA, user_id="alex", async_mode=False)
    assert (answer["status"], answer["message"]) == ("PENDING", QUEUED)
    llm.fault = None
    change_job(alice, answer["event_id"], not_before=JAN)
    assert work(alice, answer["event_id"])["status"] == "SUCCEEDED"
    assert len(texts(alice)) == 1


def test_nothing_worth_keeping_is_a_success_too(alice: Person) -> None:
    done = add(alice, "What is the capital of France?")
    assert (done["status"], done["results"]) == ("SUCCEEDED", [])


@pytest.mark.parametrize("path", ["/v1/memories/", "/v3/memories/add/"])
def test_what_the_application_deduced_itself_is_stored_as_given(alice: Person, path: str) -> None:
    body = {"messages": "I moved to Rome.", "deduced_memories": ["Lives in Rome", "Moved in May"], "user_id": "alex"}
    ok(call(alice, "POST", path, body))
    assert sorted(texts(alice)) == ["Lives in Rome", "Moved in May"]


@pytest.mark.parametrize("deduced", ["Lives in Rome", [1, None], [{"text": "Lives in Rome"}], ["x"] * 501])
def test_deduced_memories_of_another_form_are_refused(alice: Person, deduced: Any) -> None:
    body = {"messages": "I moved to Rome.", "deduced_memories": deduced, "user_id": "alex"}
    assert call(alice, "POST", "/v3/memories/add/", body).status_code == 400
