"""The hosted service speaks in its own shapes, limits its callers, and fails now and then."""

import time
from pathlib import Path
from uuid import uuid4

import pytest

from tests.conftest import Person
from tests.fakes.mem0 import KEY, Hosted
from tests.memories.importing.support import everything, past, run_import
from tests.memories.support import Json, get, memory, texts

ADDED, CHANGED = "2025-03-19T09:09:00.146390-07:00", "2025-03-20T10:00:00.000001-07:00"
ADDED_UTC, CHANGED_UTC = "2025-03-19T16:09:00.146390+00:00", "2025-03-20T17:00:00.000001+00:00"


@pytest.fixture
def options(key_file: Path) -> list[object]:
    key_file.write_text(KEY)
    return ["--key-file", key_file]


def hosted_memory(text: str, **columns: object) -> Json:
    """Returns a memory object as the hosted list shows it: the run as `session_id`, no state."""
    return {
        "id": str(uuid4()),
        "memory": text,
        "user_id": "alex",
        "agent_id": None,
        "app_id": None,
        "session_id": "trip",
        "hash": "62bc074f56d1f909f1b4c2b639f56f6a",
        "metadata": None,
        "categories": None,
        "created_at": ADDED,
        "updated_at": CHANGED,
        "expiration_date": None,
        "structured_attributes": {"year": 2025},
        **columns,
    }


def entry(event: str, new: str | None, old: str | None = None, **columns: object) -> Json:
    """Returns a history entry as the hosted service shows it, embeddings and all."""
    return {
        "id": str(uuid4()),
        "input": [{"role": "user", "content": "…"}],
        "old_memory": old,
        "new_memory": new,
        "event": event,
        "metadata": None,
        "created_at": ADDED if event == "ADD" else CHANGED,
        "updated_at": ADDED if event == "ADD" else CHANGED,
        "embedding_qwen": [0.25] * 1024,
        "previous_embedding_qwen": None,
        **columns,
    }


def keep(hosted: Hosted, row: Json, *entries: Json) -> str:
    memory_id: str = row["id"]
    hosted.memories.append(row)
    hosted.histories[memory_id] = list(entries) or [entry("ADD", row["memory"])]
    return memory_id


def test_hosted_shapes_are_understood(alice: Person, hosted: Hosted, options: list[object]) -> None:
    kept = keep(
        hosted, hosted_memory("Is vegan"), entry("UPDATE", "Is vegan", "Is vegetarian"), entry("ADD", "Is vegetarian")
    )
    hosted.entities.append(
        {"id": "7", "name": "alex", "type": "user", "created_at": ADDED, "metadata": {"plan": "pro"}}
    )
    ended = run_import(alice, hosted.url, *options)
    assert (ended.code, ended.count("imported")) == (0, 1)

    row = memory(alice, kept)
    assert (row["memory"], row["run_id"], row["session_id"]) == ("Is vegan", "trip", "trip")
    assert (row["created_at"], row["updated_at"]) == (ADDED_UTC, CHANGED_UTC)
    assert (row["metadata"], row["categories"], row["lifecycle_state"]) == (None, None, "active")
    assert [told[:6] for told in past(alice, kept)] == [
        ("ADD", None, "Is vegetarian", ADDED_UTC, ADDED_UTC, CHANGED_UTC),
        ("UPDATE", "Is vegetarian", "Is vegan", CHANGED_UTC, CHANGED_UTC, None),
    ]
    (alex,) = [each for each in get(alice, "/v1/entities/")["results"] if each["type"] == "user"]
    assert (alex["metadata"], alex["created_at"]) == ({"plan": "pro"}, ADDED_UTC)


def test_the_time_of_a_change_is_found_where_entries_repeat_the_creation(
    alice: Person, hosted: Hosted, options: list[object]
) -> None:
    repeated = entry("UPDATE", "Is vegan", "Is vegetarian", created_at=ADDED)
    kept = keep(hosted, hosted_memory("Is vegan"), entry("ADD", "Is vegetarian", updated_at=None), repeated)
    run_import(alice, hosted.url, *options)
    assert [told[4] for told in past(alice, kept)] == [ADDED_UTC, CHANGED_UTC]


def test_a_history_that_lacks_the_end_or_the_beginning_is_completed(
    alice: Person, hosted: Hosted, options: list[object]
) -> None:
    without_end = keep(hosted, hosted_memory("Is vegan"), entry("ADD", "Is vegetarian"))
    without_beginning = keep(hosted, hosted_memory("Has a cat"), entry("UPDATE", "Has a cat", "Has a dog"))
    run_import(alice, hosted.url, *options)
    changes = ["ADD", "UPDATE"]
    assert (
        [told[0] for told in past(alice, without_end)]
        == [told[0] for told in past(alice, without_beginning)]
        == changes
    )
    assert [told[2] for told in past(alice, without_end)] == ["Is vegetarian", "Is vegan"]
    assert [told[2] for told in past(alice, without_beginning)] == ["Has a dog", "Has a cat"]


def test_a_replaced_memory_is_superseded_whichever_comes_first(
    alice: Person, hosted: Hosted, options: list[object]
) -> None:
    last = hosted_memory("Lives in Berlin")
    old = keep(hosted, hosted_memory("Lives in Rome", replaced_by=last["id"]))
    for number in range(250):
        keep(hosted, hosted_memory(f"Fact {number}"))
    keep(hosted, last)
    assert run_import(alice, hosted.url, *options).code == 0
    row = memory(alice, old)
    assert (row["lifecycle_state"], row["replaced_by"]) == ("superseded", last["id"])
    assert [told[:6] for told in past(alice, old)] == [
        ("ADD", None, "Lives in Rome", ADDED_UTC, ADDED_UTC, CHANGED_UTC),
        ("DELETE", "Lives in Rome", None, ADDED_UTC, ADDED_UTC, CHANGED_UTC),
    ]
    assert "Lives in Rome" not in texts(alice, page_size=200)


def test_memories_that_the_source_no_longer_has_or_that_are_none_are_listed(
    alice: Person, hosted: Hosted, options: list[object]
) -> None:
    gone, blank, kept = (keep(hosted, hosted_memory(text)) for text in ("Is gone", " ", "Is kept"))
    del hosted.histories[gone]
    odd = keep(hosted, hosted_memory("Is odd"), entry("ADD", "Is odd", created_at="yesterday"))
    ended = run_import(alice, hosted.url, *options)
    assert (ended.code, ended.count("imported"), ended.count("skipped")) == (1, 1, 3)
    assert set(ended.complaints[:3]) == {
        f"{gone}: It is gone at the source.",
        f"{blank}: memory: This field may not be blank.",
        f"{odd}: history.0.created_at: Must be epoch seconds or an ISO 8601 date or date-time.",
    }
    assert [row["id"] for row in everything(alice)] == [kept]


def test_the_source_is_waited_for_when_it_asks_for_that(alice: Person, hosted: Hosted, options: list[object]) -> None:
    keep(hosted, hosted_memory("Is vegan"))
    hosted.failures += [(429, {"Retry-After": "1"}), (503, {"Retry-After": "0"}), (500, {"Retry-After": "0"})]
    started = time.monotonic()
    ended = run_import(alice, hosted.url, *options)
    assert (ended.code, ended.count("imported")) == (0, 1)
    assert time.monotonic() - started >= 1


def test_a_wrong_key_gets_one_clear_sentence(alice: Person, hosted: Hosted, key_file: Path) -> None:
    key_file.write_text("m0-wrong")
    ended = run_import(alice, hosted.url, "--key-file", key_file)
    assert (ended.code, ended.said, ended.complaints) == (2, "", ["The source does not accept the API key."])
    assert len(hosted.requests) == 1


def test_the_key_is_taken_from_the_environment_and_must_be_somewhere(
    alice: Person, hosted: Hosted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LOCI_HOME", str(tmp_path))
    monkeypatch.delenv("MEM0_API_KEY", raising=False)
    ended = run_import(alice, hosted.url)
    assert (ended.code, ended.complaints) == (
        2,
        ["MEM0_API_KEY, or the file that --key-file names, must hold an API key."],
    )
    monkeypatch.setenv("MEM0_API_KEY", KEY)
    assert run_import(alice, hosted.url).code == 0


def test_the_key_is_not_sent_where_the_source_redirects_to(
    alice: Person, hosted: Hosted, options: list[object]
) -> None:
    with Hosted() as other:
        hosted.failures.append((307, {"Location": f"{other.url}/v1/entities/"}))
        ended = run_import(alice, hosted.url, *options)
        assert other.requests == []
    assert ended.complaints == ["The service is at another address, to which it redirects: name that one."]


def test_neither_the_key_nor_a_text_is_logged(
    alice: Person, hosted: Hosted, options: list[object], capfd: pytest.CaptureFixture[str]
) -> None:
    keep(hosted, hosted_memory("Is vegan"))
    run_import(alice, hosted.url, *options)
    written = "".join(capfd.readouterr())
    assert KEY not in written
    assert "vegan" not in written
    assert written == ""


def test_a_memory_that_could_not_be_read_comes_with_the_next_import(
    alice: Person, hosted: Hosted, options: list[object]
) -> None:
    kept = keep(hosted, hosted_memory("Is vegan"))
    broken = keep(hosted, hosted_memory("Has a cat"))
    hosted.histories[broken], whole = "not a list", hosted.histories[broken]  # type: ignore[assignment]  # It may be.
    first = run_import(alice, hosted.url, *options)
    assert (first.code, first.count("imported")) == (1, 1)
    assert first.complaints[0] == f"{broken}: history: must be a list of at most 10,000 entries."
    hosted.histories[broken] = whole
    assert run_import(alice, hosted.url, *options).count("imported") == 1
    assert {row["id"] for row in everything(alice)} == {kept, broken}


def test_a_source_that_fails_for_good_ends_the_import_and_the_next_one_goes_on(
    alice: Person, hosted: Hosted, options: list[object]
) -> None:
    for number in range(210):
        keep(hosted, hosted_memory(f"Fact {number}"))
    hosted.failing_pages.add(2)
    first = run_import(alice, hosted.url, *options)
    assert (first.code, first.complaints) == (
        2,
        ["The service answered 503. Imported so far: 200. The same command goes on from there."],
    )
    hosted.failing_pages.clear()
    asked = len(hosted.requests)
    second = run_import(alice, hosted.url, *options)
    assert (second.code, second.count("imported"), second.count("already there")) == (0, 10, 200)
    # A page of entities, two of memories, and the histories of those that were not there.
    assert len(hosted.requests) - asked == 13
