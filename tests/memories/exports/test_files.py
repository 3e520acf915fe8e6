"""Files of everything that a project or an entity has: complete, in steps that survive crashes, and taken in again."""

import csv
import hashlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from loci.tenancy.context import tenant_tx
from memories.exports import files
from memories.exports.formats import MEMORY_COLUMNS
from memories.models import Blob, Export
from tests.conftest import Person
from tests.memories.exports.support import ask, download, export, lines, make, status
from tests.memories.importing.support import everything, past, run_import
from tests.memories.support import FEB, JAN, add, call, event, history, job_of, keep, memory, post, put, supersede
from workers import jobs

ALEX = {"user_id": "alex"}


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows a page, one page a step."""
    monkeypatch.setattr(files, "PAGE", 2)
    monkeypatch.setattr(files, "STEP_S", 0)


def all_steps(person: Person, export_id: str) -> int:
    """Takes the steps of an export until it is done; returns how many they were."""
    steps = 0
    while status(person, export_id)["status"] == "PENDING":
        make(person, export_id)
        steps += 1
    return steps


def test_a_file_holds_every_memory_as_the_api_shows_it(alice: Person) -> None:
    kept = [keep(alice, "Likes tea", metadata={"a": 1}), keep(alice, "Lives in Oslo", expiration_date="2020-01-01")]
    old = keep(alice, "Lives in Rome", user_id="blake", run_id="1")
    supersede(alice, old, by=kept[1])
    rows = lines(alice, export(alice, format="jsonl"))
    assert rows == [{"record": "memory", **memory(alice, memory_id)} for memory_id in sorted([*kept, old])]


@pytest.mark.parametrize("wanted", [{"filters": ALEX}, ALEX, {"entity_type": "user", "entity_id": "alex"}], ids=str)
def test_a_file_holds_what_its_filters_find(alice: Person, wanted: dict[str, object]) -> None:
    keep(alice, "Lives in Rome", user_id="blake")
    kept = keep(alice, "Likes tea")
    assert [row["id"] for row in lines(alice, export(alice, format="jsonl", **wanted))] == [kept]


def test_a_status_tells_what_there_is_to_take_away(alice: Person) -> None:
    keep(alice, "Likes tea")
    export_id = ask(alice, format="jsonl")
    assert status(alice, export_id)["download"] is None
    assert call(alice, "GET", f"/v1/exports/{export_id}/download/").status_code == 400
    make(alice, export_id)
    told, content = status(alice, export_id), download(alice, export_id)
    assert [told["status"], told["count"], told["size"]] == ["SUCCEEDED", 1, len(content)]
    assert told["sha256"] == hashlib.sha256(content).hexdigest()
    assert call(alice, "GET", told["download"])["Content-Length"] == str(len(content))
    assert event(alice, export_id)["results"][0]["count"] == 1


def test_whatever_else_is_asked_for_stands_beside(alice: Person) -> None:
    add(alice, "I live in Oslo.", name="Alex")
    (row,) = everything(alice)
    put(alice, row["id"], text="Lives in Bergen")
    post(alice, "/v1/feedback/", memory_id=row["id"], feedback="POSITIVE", feedback_reason="True.")
    post(alice, "/v1/memories/", messages="Nothing.", user_id="blake", infer=False)
    everything_of = ["history", "attributes", "feedback", "messages", "entities"]
    export_id = export(alice, format="jsonl", include=everything_of, filters=ALEX)
    (kept,) = lines(alice, export_id)
    assert kept["history"] == history(alice, row["id"])
    assert [each["feedback"] for each in kept["feedback"]] == ["POSITIVE"]
    assert [each["content"] for each in lines(alice, export_id, "message")] == ["I live in Oslo."]
    assert [each["name"] for each in lines(alice, export_id, "entity")] == ["alex"]


def test_attributes_stand_at_the_memory_that_supports_them(alice: Person) -> None:
    add(alice, "I live in Oslo.")
    (kept,) = lines(alice, export(alice, format="jsonl", include="attributes"))
    assert [(each["entity"], each["key"], each["value"]) for each in kept["attributes"]] == [
        ("user:alex", "location", "Oslo")
    ]


@pytest.mark.usefixtures("small_steps")
def test_a_crash_at_any_step_neither_loses_nor_doubles_a_line(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [keep(alice, f"Likes tea {number}") for number in range(5)]
    export_id = ask(alice, format="jsonl")
    advance = jobs.advance

    def die(claim: jobs.Claim, cursor: dict[str, Any]) -> None:
        """After everything else of the commit was written."""
        advance(claim, cursor)
        raise SystemExit

    for _ in range(3):
        monkeypatch.setattr(jobs, "advance", die)
        with pytest.raises(SystemExit):
            make(alice, export_id)
        monkeypatch.setattr(jobs, "advance", advance)
        make(alice, export_id)
    assert all_steps(alice, export_id) <= 1
    assert [row["id"] for row in lines(alice, export_id)] == sorted(kept)
    assert status(alice, export_id)["count"] == 5


@pytest.mark.usefixtures("small_steps")
def test_what_is_added_meanwhile_is_left_out(alice: Person) -> None:
    kept = [keep(alice, f"Likes tea {number}") for number in range(3)]
    export_id = ask(alice, format="jsonl")
    make(alice, export_id)
    keep(alice, "Came later")
    assert all_steps(alice, export_id) >= 1
    assert [row["id"] for row in lines(alice, export_id)] == sorted(kept)


def test_a_line_that_no_blob_can_hold_is_cut_and_put_together(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memories.exports.parts.PIECE_BYTES", 700)
    kept = [keep(alice, "Likes tea " * 200), keep(alice, "Likes tea"), keep(alice, "Likes coffee")]
    export_id = export(alice, format="jsonl")
    assert [row["id"] for row in lines(alice, export_id)] == sorted(kept)
    with tenant_tx(alice.tenant):
        assert all(len(blob.content) <= 700 for blob in Blob.objects.all())
        assert Blob.objects.filter(part=1).count() > 3
        assert len(Export.objects.get(id=export_id).last_ids) == Blob.objects.values("part").distinct().count()


def test_a_csv_is_safe_to_open_in_a_spreadsheet(alice: Person) -> None:
    keep(alice, '=HYPERLINK("http://evil.example")', metadata={"a": [1]}, categories=None)
    keep(alice, 'Says "hi",\nand leaves')
    keep(alice, "\uff1d1+1")
    export_id = export(alice, format="csv")
    content = download(alice, export_id)
    head, *rows = csv.reader(io.StringIO(content.decode(), newline=""))
    assert head == list(MEMORY_COLUMNS)
    safe = ['\'=HYPERLINK("http://evil.example")', "'\uff1d1+1", 'Says "hi",\nand leaves']
    assert sorted(row[1] for row in rows) == safe
    assert {json.dumps({"a": [1]}, separators=(",", ":")), ""} == {row[head.index("metadata")] for row in rows}
    assert status(alice, export_id)["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_table_has_the_columns_of_a_memory(alice: Person) -> None:
    assert list(memory(alice, keep(alice, "Likes tea"))) == list(MEMORY_COLUMNS)


def test_a_parquet_holds_the_same_rows(alice: Person) -> None:
    kept = [keep(alice, "Likes tea", metadata={"a": 1}), keep(alice, "Likes coffee")]
    export_id = export(alice, format="parquet")
    content = download(alice, export_id)
    rows = pq.read_table(io.BytesIO(content)).to_pylist()
    assert [(row["id"], row["immutable"]) for row in rows] == [(memory_id, False) for memory_id in sorted(kept)]
    assert status(alice, export_id)["sha256"] == hashlib.sha256(content).hexdigest()


def test_without_its_library_a_parquet_is_refused_with_its_name(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # So Python looks as if it were not installed.
    response = call(alice, "POST", "/v1/exports/", {"format": "parquet"})
    assert response.status_code == 400
    assert "loci[parquet]" in response.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {"format": "xml"},
        {"format": "csv", "include": ["history"]},
        {"format": "jsonl", "include": ["everything"]},
        {"format": "jsonl", "include": ["messages"], "filters": {"user_id": "alex", "categories": ["food"]}},
        {"format": "jsonl", "entity_type": "user"},
        {"format": "jsonl", "entity_id": "alex"},
        {"format": "jsonl", "filters": {"nothing": 1}},
    ],
    ids=str,
)
def test_what_cannot_be_exported_is_refused(alice: Person, body: dict[str, object]) -> None:
    assert call(alice, "POST", "/v1/exports/", body).status_code == 400
    with tenant_tx(alice.tenant):
        assert not Export.objects.exists()


def test_a_file_comes_back_through_the_importer_as_it_was(alice: Person, bob: Person, tmp_path: Path) -> None:
    first = keep(alice, "Lives in Oslo", metadata={"a": 1}, timestamp=JAN)
    put(alice, first, text="Lives in Bergen", timestamp=FEB)
    old = keep(alice, "Likes coffee", agent_id="ada", timestamp=JAN)
    supersede(alice, old, by=first)
    export_id = export(alice, format="jsonl", include=["history", "messages", "entities"])
    file = tmp_path / "export.jsonl"
    file.write_bytes(download(alice, export_id))
    came = run_import(bob, file)
    assert came.code == 0, came.complaints
    assert came.count("imported") == 2
    assert everything(bob) == everything(alice)
    assert past(bob, first) == past(alice, first)


def test_nobody_else_finds_an_export(alice: Person, bob: Person) -> None:
    keep(alice, "Likes tea")
    export_id = export(alice, format="jsonl")
    for path in (f"/v1/exports/{export_id}/", f"/v1/exports/{export_id}/download/"):
        assert call(bob, "GET", path).status_code == 404
    assert call(bob, "DELETE", f"/v1/exports/{export_id}/").status_code == 404
    assert lines(bob, export(bob, format="jsonl")) == []


def test_the_job_of_an_export_is_told_of_by_its_event(alice: Person) -> None:
    export_id = ask(alice, format="jsonl", filters=ALEX)
    assert job_of(alice, export_id).queue == "exports"
    assert [event(alice, export_id)[name] for name in ("event_type", "status")] == ["EXPORT", "PENDING"]


def test_a_file_tells_only_of_entities_that_its_filters_name(alice: Person) -> None:
    keep(alice, "Likes tea")
    keep(alice, "Likes coffee", user_id="blake")
    others = export(alice, format="jsonl", include=["entities"], filters={"user_id": {"ne": "blake"}})
    alex = export(alice, format="jsonl", include=["entities"], filters={"AND": [{"user_id": "alex"}]})
    assert lines(alice, others, "entity") == []
    assert [row["name"] for row in lines(alice, alex, "entity")] == ["alex"]
