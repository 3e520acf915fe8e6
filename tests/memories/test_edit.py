"""Reading and changing one memory (contract.md §5.10, §5.11, §5.13)."""

import pytest

from loci.tenancy.context import tenant_tx
from memories.models import Memory
from memories.resolution import timeline
from tests.conftest import Person
from tests.fakes.llm import FakeLLM
from tests.memories.support import (
    JAN,
    NOBODYS_ID,
    Json,
    add,
    call,
    delete,
    fact,
    facts,
    history,
    keep,
    listed,
    memory,
    put,
    relation,
    search,
    texts,
)

BESIDE_TEXT = {"metadata": {"topic": "drinks"}, "expiration_date": "2099-01-01"}


@pytest.mark.parametrize("name", ["text", "message"])
def test_a_new_text_is_found_and_in_the_history(alice: Person, name: str) -> None:
    kept = keep(alice, "Likes tea", **BESIDE_TEXT)
    before = memory(alice, kept)
    answer = put(alice, kept, **{name: "Likes coffee"})
    assert answer["memory"] == answer["text"] == "Likes coffee"
    assert {key: answer[key] for key in BESIDE_TEXT} == BESIDE_TEXT
    assert answer["hash"] != before["hash"]
    assert answer["updated_at"] > before["updated_at"]
    assert answer["created_at"] == before["created_at"]
    assert memory(alice, kept) == {key: value for key, value in answer.items() if key != "text"}
    assert [hit["memory"] for hit in search(alice, "coffee")] == ["Likes coffee"]
    assert [(entry["event"], entry["old_memory"], entry["new_memory"]) for entry in history(alice, kept)] == [
        ("ADD", None, "Likes tea"),
        ("UPDATE", "Likes tea", "Likes coffee"),
    ]


def test_metadata_is_replaced_and_not_merged(alice: Person) -> None:
    kept = keep(alice, "Likes tea", metadata={"a": 1, "b": 2})
    assert put(alice, kept, metadata={"c": 3})["metadata"] == {"c": 3}
    assert memory(alice, kept)["memory"] == "Likes tea"
    assert len(history(alice, kept)) == 1


def test_a_timestamp_dates_the_memory(alice: Person) -> None:
    kept = keep(alice, "Likes tea")
    assert put(alice, kept, timestamp=1768046400.5)["created_at"] == "2026-01-10T12:00:00.500000+00:00"
    assert put(alice, kept, timestamp=JAN)["created_at"] == "2026-01-10T12:00:00.000000+00:00"


@pytest.mark.parametrize("none", [None, ""])
def test_the_expiration_date_is_set_and_cleared(alice: Person, none: str | None) -> None:
    kept = keep(alice, "Likes tea")
    assert put(alice, kept, expiration_date="2020-01-01")["expiration_date"] == "2020-01-01"
    assert texts(alice) == []
    assert put(alice, kept, expiration_date=none)["expiration_date"] is None
    assert texts(alice) == ["Likes tea"]


def test_an_immutable_memory_is_not_changed(alice: Person) -> None:
    kept = keep(alice, "Likes tea", immutable=True)
    response = call(alice, "PUT", f"/v1/memories/{kept}/", {"text": "Likes coffee"})
    assert response.status_code == 400
    assert "immutable" in response.json()["detail"]
    assert texts(alice) == ["Likes tea"]


def test_the_other_names_of_a_text_give_way_to_its_own(alice: Person) -> None:
    kept = keep(alice, "Likes tea")
    assert put(alice, kept, message="Likes milk", text="Likes coffee", unknown=1)["memory"] == "Likes coffee"
    assert put(alice, kept, metadata={"a": 1}, text=None)["text"] == "Likes coffee"


def test_an_answer_says_what_is_stored_to_the_letter(alice: Person) -> None:
    kept = keep(alice, "Likes tea")
    answer = put(alice, kept, metadata={"b": 1.0, "a": 1e2, "c": None}, timestamp="2026-01-10T12:00:00+02:00")
    assert memory(alice, kept) == {key: value for key, value in answer.items() if key != "text"}


def test_a_change_that_is_none_or_bad_is_refused(alice: Person) -> None:
    kept = keep(alice, "Likes tea")
    bad: list[Json] = [
        {},
        {"text": None},
        {"text": ""},
        {"text": "   "},
        {"text": {"a": 1}},
        {"text": "x" * 10_001},
        {"metadata": None},
        {"metadata": "x"},
        {"timestamp": "soon"},
        {"expiration_date": "soon"},
        {"unknown": 1},
    ]
    for body in bad:
        assert call(alice, "PUT", f"/v1/memories/{kept}/", body).status_code == 400, body
    assert texts(alice) == ["Likes tea"]
    assert len(history(alice, kept)) == 1


def test_a_superseded_memory_can_be_edited_and_stays_hidden(alice: Person, llm: FakeLLM) -> None:
    old = keep(alice, "Is looking for a flat")
    llm.script(facts(fact("Has found a flat", **relation("replaces"))))
    add(alice, "I have found a flat!")
    assert put(alice, old, text="Was looking for a flat")["lifecycle_state"] == "superseded"
    assert texts(alice) == ["Has found a flat"]
    assert [entry["event"] for entry in history(alice, old)] == ["ADD", "DELETE", "UPDATE"]
    with tenant_tx(alice.tenant):
        closed, corrected = timeline.believed(Memory.objects.get(id=old))
    assert closed.valid_to
    assert closed.valid_to < corrected.valid_from


def test_an_expired_memory_can_still_be_read(alice: Person) -> None:
    kept = keep(alice, "Likes tea", expiration_date="2020-01-01")
    assert memory(alice, kept)["memory"] == "Likes tea"
    assert listed(alice) == []


def test_history_has_the_entry_of_the_add_with_all_its_keys(alice: Person) -> None:
    (entry,) = history(alice, keep(alice, "Likes tea", run_id="r1", metadata={"a": 1}))
    assert entry["input"] == [{"role": "user", "content": "Likes tea"}]
    assert (entry["event"], entry["old_memory"], entry["new_memory"]) == ("ADD", None, "Likes tea")
    assert (entry["user_id"], entry["run_id"], entry["session_id"]) == ("alex", "r1", "r1")
    assert entry["metadata"] == {"a": 1}
    assert {"id", "memory_id", "agent_id", "app_id", "categories", "created_at", "updated_at"} <= entry.keys()


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "history/")])
def test_an_id_that_is_none_is_told_from_one_that_is_unknown(
    alice: Person, bob: Person, method: str, path: str
) -> None:
    theirs = keep(bob, "Likes tea")
    body = {"text": "x"} if method == "PUT" else None
    for unknown in (NOBODYS_ID, theirs):
        response = call(alice, method, f"/v1/memories/{unknown}/{path}", body)
        assert (response.status_code, response.json()["error"]) == (404, "Memory not found!")
    response = call(alice, method, f"/v1/memories/not-a-uuid/{path}", body)
    assert (response.status_code, response.json()["error"]) == (400, "memory_id should be a valid UUID")
    assert texts(bob) == ["Likes tea"]


def test_a_deleted_memory_is_not_found_but_has_a_history_without_text(alice: Person) -> None:
    kept = keep(alice, "Likes tea")
    put(alice, kept, text="Likes coffee")
    assert delete(alice, f"/v1/memories/{kept}/") == {"message": "Memory deleted successfully!"}
    for method, body in [("GET", None), ("PUT", {"text": "x"}), ("DELETE", None)]:
        assert call(alice, method, f"/v1/memories/{kept}/", body).status_code == 404
    entries = history(alice, kept)
    assert [entry["event"] for entry in entries] == ["ADD", "UPDATE", "DELETE"]
    assert "Likes" not in str(entries)


def test_history_says_until_when_each_text_held(alice: Person) -> None:
    kept = keep(alice, "Lives in Rome")
    put(alice, kept, text="Lives in Oslo")
    first, second = history(alice, kept)
    assert first["valid_to"] == second["valid_from"]
    assert second["valid_to"] is None
