"""JSON lines: what the API shows, what other stores export, and what is no memory at all."""

import io
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest

from loci.env import ROOT
from loci.tenancy.context import tenant_tx
from memories.models import Memory, Revision
from tests.conftest import Person, Services
from tests.memories.importing.support import everything, past, run_import, write_lines
from tests.memories.support import FEB, JAN, MAR, Json, get, keep, memory, search, texts

FIRST = "01930000-0000-7000-8000-000000000001"


def test_the_least_and_the_most_that_a_line_can_say(alice: Person, tmp_path: Path) -> None:
    whole = {
        "id": FIRST,
        "memory": "Lives in Rome ",
        "agent_id": "guide",
        "app_id": "travel",
        "run_id": "2026",
        "metadata": {"a": {"b": [1, None]}},
        "categories": ["travel"],
        "created_at": JAN,
        "updated_at": MAR,
        "expiration_date": "2099-12-31",
        "immutable": True,
        "history": [
            {"event": "ADD", "new_memory": "Lives in Oslo", "created_at": JAN},
            {"event": "NOOP", "created_at": FEB},
            {"event": "UPDATE", "old_memory": "Lives in Oslo", "new_memory": "Lives in Rome ", "created_at": MAR},
        ],
    }
    lines = write_lines(tmp_path / "lines", [{"memory": "Has a dog", "user_id": "alex"}, "", whole])
    assert run_import(alice, lines).code == 0
    row = memory(alice, FIRST)
    assert {name: row[name] for name in whole if name not in {"history", "created_at", "updated_at"}} == {
        name: value for name, value in whole.items() if name not in {"history", "created_at", "updated_at"}
    }
    assert [told[:3] for told in past(alice, FIRST)] == [
        ("ADD", None, "Lives in Oslo"),
        ("UPDATE", "Lives in Oslo", "Lives in Rome "),
    ]
    assert texts(alice) == ["Has a dog"]
    assert search(alice, "Which pet?")[0]["memory"] == "Has a dog"
    assert {(each["type"], each["name"]) for each in get(alice, "/v1/entities/")["results"]} == {
        ("user", "alex"),
        ("agent", "guide"),
        ("app", "travel"),
        ("run", "2026"),
    }


@pytest.mark.parametrize(
    "line",
    [
        {"text": "Has a dog", "user_id": "alex", "created_at": JAN},
        {"memory": "Has a dog", "userId": "alex", "createdAt": JAN, "hash": "…", "score": 0.4, "actor_id": None},
        {"memory": "Has a dog", "user_id": " alex ", "created_at": 1768046400},
    ],
)
def test_exports_of_other_stores_are_understood(alice: Person, tmp_path: Path, line: Json) -> None:
    assert run_import(alice, write_lines(tmp_path / "lines", [line])).code == 0
    (row,) = everything(alice)
    assert (row["memory"], row["user_id"]) == ("Has a dog", "alex")
    assert row["created_at"] == JAN.replace("+00:00", ".000000+00:00")


def test_lines_that_are_no_memories_are_listed_and_the_others_come(alice: Person, tmp_path: Path) -> None:
    good = {"memory": "Has a dog", "user_id": "alex"}
    bad: list[tuple[object, str]] = [
        ("{", "It is not JSON: unexpected end of data: line 2 column 1 (char 2)"),
        ([good], "It is not an object."),
        ({"user_id": "alex"}, "memory: This field is required."),
        ({"memory": "Has a dog"}, "At least one of user_id, agent_id, app_id and run_id is required."),
        ({**good, "memory": "a" * 100_001}, "memory: Ensure this field has no more than 100000 characters."),
        ({**good, "memory": "a\x00"}, "memory: Null characters are not allowed."),
        ({**good, "metadata": {"a": "\x00"}}, "metadata: Must not have a text with the character U+0000."),
        ({**good, "metadata": {"a": "b" * 17_000}}, "metadata: Must be at most 16 KiB of JSON."),
        ({**good, "metadata": [1]}, "metadata: Must be an object."),
        ({**good, "user_id": "a" * 257}, "user_id: a string of 1 to 256 characters is required."),
        ({**good, "created_at": "today"}, "created_at: Must be epoch seconds or an ISO 8601 date or date-time."),
        ({**good, "lifecycle_state": "deleted"}, 'lifecycle_state: "deleted" is not a valid choice.'),
        ({**good, "history": [{"new_memory": "a"}]}, "history.0.event: This field is required."),
    ]
    file = write_lines(tmp_path / "lines", [good, *(row for row, _ in bad), {**good, "memory": "Has a cat"}])
    ended = run_import(alice, file)
    assert (ended.code, ended.count("imported"), ended.count("skipped")) == (1, 2, len(bad))
    expected = [f"line {number}: {reason}" for number, (_, reason) in enumerate(bad, start=2)]
    assert ended.complaints == [*expected, f"Skipped {len(bad)}; the reasons are above."]
    assert sorted(texts(alice)) == ["Has a cat", "Has a dog"]


def test_a_line_beyond_the_limit_is_listed_and_the_next_one_comes(alice: Person, tmp_path: Path) -> None:
    endless = "x" * (40 * 1024**2)
    ended = run_import(alice, write_lines(tmp_path / "lines", [endless, {"memory": "Has a dog", "user_id": "alex"}]))
    assert (ended.code, ended.complaints[0]) == (1, "line 1: It is longer than 16,777,216 bytes.")
    assert texts(alice) == ["Has a dog"]


def test_the_same_lines_again_change_nothing(alice: Person, tmp_path: Path) -> None:
    rows = [
        {"memory": "Has a dog", "user_id": "alex"},
        {"memory": "Has a dog", "user_id": "alex"},
        {"id": "mem-7", "memory": "Has a cat", "user_id": "alex", "replaced_by": "mem-8", "created_at": JAN},
        {"id": "mem-8", "memory": "Has two cats", "user_id": "alex"},
    ]
    lines = write_lines(tmp_path / "lines", rows)
    first = run_import(alice, lines)
    assert (first.count("imported"), first.count("already there")) == (3, 1)
    before = everything(alice)
    (cat,) = [row for row in before if row["memory"] == "Has a cat"]
    (cats,) = [row for row in before if row["memory"] == "Has two cats"]
    assert (cat["lifecycle_state"], cat["replaced_by"]) == ("superseded", cats["id"])
    second = run_import(alice, lines)
    assert (second.code, second.count("imported"), second.count("already there")) == (0, 0, 4)
    assert everything(alice) == before


def test_a_successor_that_never_comes_is_said(alice: Person, tmp_path: Path) -> None:
    row = {"memory": "Has a cat", "user_id": "alex", "replaced_by": str(uuid4())}
    ended = run_import(alice, write_lines(tmp_path / "lines", [row]))
    assert ended.code == 0
    assert "1 superseded memories name a successor that is not there." in ended.said
    (kept,) = everything(alice)
    assert (kept["lifecycle_state"], kept["replaced_by"]) == ("superseded", None)


def test_ids_of_another_project_are_no_hindrance(alice: Person, bob: Person, tmp_path: Path) -> None:
    taken = keep(bob, "Is Bob's")
    lines = write_lines(tmp_path / "lines", [{"id": taken, "memory": "Is Alice's", "user_id": "alex"}])
    assert run_import(alice, lines).code == 0
    assert (memory(alice, taken)["memory"], memory(bob, taken)["memory"]) == ("Is Alice's", "Is Bob's")


def test_an_import_counts_as_no_usage_and_is_in_the_audit_log(alice: Person, tmp_path: Path) -> None:
    from billing.models import UsageEntry
    from orgs.models import AuditEntry

    assert run_import(alice, write_lines(tmp_path / "lines", [{"memory": "Has a dog", "user_id": "alex"}])).code == 0
    with tenant_tx(alice.tenant):
        assert not UsageEntry.objects.filter(meter="add").exists()
        entry = AuditEntry.objects.get(action="memory.import")
    assert (entry.actor_type, entry.object_id, entry.details) == ("system", alice.project_id, {"count": 1})


def test_lines_can_be_narrowed_to_one_agent_of_one_user(alice: Person, tmp_path: Path) -> None:
    whose = [("alex", "vet"), ("alex", None), ("mary", "vet"), (None, "vet")]
    rows = [{"memory": f"{user} {agent}", "user_id": user, "agent_id": agent} for user, agent in whose]
    ended = run_import(alice, write_lines(tmp_path / "lines", rows), "--user", "alex", "--agent", "vet")
    assert (ended.code, ended.count("imported"), ended.count("skipped")) == (0, 1, 0)
    assert [row["memory"] for row in everything(alice)] == ["alex vet"]


def test_what_a_line_says_does_not_steer_the_terminal(alice: Person, tmp_path: Path) -> None:
    row = {"memory": "Has a dog", "user_id": "alex", "lifecycle_state": "\x1b]0;owned\x07"}
    ended = run_import(alice, write_lines(tmp_path / "lines", [row]))
    assert ended.complaints[0] == 'line 1: lifecycle_state: "?]0;owned?" is not a valid choice.'


def test_lines_come_from_standard_input_too(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    given = io.BytesIO(b'{"memory": "Has a dog", "user_id": "alex"}')
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=given))
    assert run_import(alice, "-").code == 0
    assert texts(alice) == ["Has a dog"]


@pytest.mark.parametrize(
    ("place", "options", "sentence"),
    [
        ("/nowhere", [], "/nowhere cannot be read: No such file or directory."),
        ("/dev/null", ["--user", "*"], '"*" means "any" in filters and cannot be an id.'),
    ],
)
def test_what_cannot_begin_says_why(alice: Person, place: str, options: list[str], sentence: str) -> None:
    ended = run_import(alice, place, *options)
    assert (ended.code, ended.complaints) == (2, [sentence])


def program(services: Services, person: Person, lines: Path) -> tuple[list[str], dict[str, str]]:
    """Returns the command as a process of its own, and its environment."""
    argv = [sys.executable, str(ROOT / "manage.py"), "import_mem0", person.project_id, "--from", str(lines)]
    env = {**services.environment(), "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    return argv, {**env, "LOCI_HOME": str(lines.parent)}


def count(person: Person) -> int:
    with tenant_tx(person.tenant):
        return Memory.objects.count()


def test_an_import_that_was_killed_goes_on(alice: Person, services: Services, tmp_path: Path) -> None:
    rows = [{"memory": f"Fact {number} of many", "user_id": f"user {number % 7}"} for number in range(400)]
    lines = write_lines(tmp_path / "lines", rows)
    argv, env = program(services, alice, lines)
    with subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL) as process:
        while not count(alice) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    kept = count(alice)
    assert kept == 200
    ended = run_import(alice, lines)
    assert (ended.code, ended.count("imported"), ended.count("already there")) == (0, 200, 200)
    with tenant_tx(alice.tenant):
        assert set(Memory.objects.values_list("text", flat=True)) == {row["memory"] for row in rows}
        assert Revision.objects.count() == Memory.objects.count() == 400


def test_two_imports_of_the_same_lines_at_once_bring_each_memory_once(
    alice: Person, services: Services, tmp_path: Path
) -> None:
    lines = write_lines(tmp_path / "lines", [{"memory": f"Fact {n}", "user_id": "alex"} for n in range(250)])
    argv, env = program(services, alice, lines)
    both = [subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    with tenant_tx(alice.tenant):
        assert Revision.objects.count() == Memory.objects.count() == 250


def test_a_terminal_shows_how_far_it_is(alice: Person, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = write_lines(tmp_path / "lines", [{"memory": f"Fact {n}", "user_id": "alex"} for n in range(201)])
    terminal, end = pty.openpty()
    with os.fdopen(end, "w") as shown, os.fdopen(terminal, "rb", buffering=0) as seen:
        monkeypatch.setattr(sys, "stderr", shown)
        ended = run_import(alice, lines)
        drawn = seen.read(64 * 1024)
    assert ended.code == 0
    assert b"200 imported, 0 already there" in drawn
    assert b"[####" in drawn
    assert ended.said.startswith("imported       201\nalready there  0\nskipped        0\n")
