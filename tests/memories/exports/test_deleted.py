"""What is deleted leaves the exports that repeat it, at once: they are copies like any other."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from loci.tenancy.context import tenant_tx
from memories.exports import copies, files
from memories.lifecycle.forgetting import forget
from memories.models import Blob, Export
from memories.queries import memories_of
from tests.conftest import Person, Services
from tests.memories.exports.support import PROFILE, ask, download, export, fetch, lines, make, status
from tests.memories.support import call, delete, event, keep
from tests.tenancy.rows import superuser
from workers.models import Job

ALEX = {"user_id": "alex"}
EVERY_BLOB = "SELECT string_agg(convert_from(content, 'UTF8'), '') FROM blob"


def stored(services: Services) -> str:
    """Returns all that blobs hold."""
    with superuser(services) as connection:
        row = connection.execute(EVERY_BLOB).fetchone()
    return (row and row[0]) or ""


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_deleted_memory_leaves_a_file(alice: Person, services: Services, form: str) -> None:
    gone, stays = keep(alice, "Likes tea"), keep(alice, "Lives in Oslo")
    export_id = export(alice, format=form)
    delete(alice, f"/v1/memories/{gone}/")
    assert "Likes tea" not in stored(services)
    content = download(alice, export_id).decode()
    assert stays in content
    assert gone not in content
    told = status(alice, export_id)
    assert [told[name] for name in ("count", "removed", "size", "sha256")] == [1, 1, None, None]
    assert "Content-Length" not in call(alice, "GET", told["download"])


def test_a_deleted_memory_leaves_a_file_that_is_being_written(
    alice: Person, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PAGE", 1)
    monkeypatch.setattr(files, "STEP_S", 0)
    kept = sorted(keep(alice, text) for text in ("Likes tea", "Likes tea, too", "Likes tea as well"))
    export_id = ask(alice, format="jsonl")
    make(alice, export_id)
    delete(alice, f"/v1/memories/{kept[0]}/")
    delete(alice, f"/v1/memories/{kept[2]}/")
    while status(alice, export_id)["status"] == "PENDING":
        make(alice, export_id)
    assert [row["id"] for row in lines(alice, export_id)] == kept[1:2]
    assert status(alice, export_id)["count"] == 1


def test_memories_of_several_parts_leave_them_all(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PAGE", 2)
    kept = sorted(keep(alice, f"Likes tea {number}") for number in range(7))
    export_id = export(alice, format="jsonl")
    call(alice, "DELETE", "/v1/batch/", {"memory_ids": [kept[0], kept[3], kept[4], kept[6]]})
    assert [row["id"] for row in lines(alice, export_id)] == [kept[1], kept[2], kept[5]]
    assert status(alice, export_id)["removed"] == 4


def test_an_object_goes_with_any_memory_that_it_may_repeat(alice: Person, services: Services) -> None:
    gone = keep(alice, "Has a dog called Rufus")
    other = keep(alice, "Has a cat", user_id="blake")
    of_alex = export(alice, schema=PROFILE, filters=ALEX)
    of_blake = export(alice, schema=PROFILE, filters={"user_id": "blake"})
    still_open = ask(alice, schema=PROFILE, filters=ALEX)
    delete(alice, f"/v1/memories/{gone}/")
    assert "Rufus" not in stored(services)
    assert fetch(alice, memory_export_id=of_alex).status_code == 404
    assert fetch(alice, memory_export_id=of_blake).status_code == 200
    assert fetch(alice, memory_export_id=still_open).status_code == 404
    assert event(alice, still_open)["error"] == copies.WITHDRAWN
    delete(alice, f"/v1/memories/{other}/")
    assert fetch(alice, memory_export_id=of_blake).status_code == 404


def test_an_erased_entity_leaves_every_export(alice: Person, services: Services) -> None:
    keep(alice, "Likes tea")
    keep(alice, "Likes coffee", user_id="blake")
    plain = export(alice, format="jsonl")
    full = export(alice, format="jsonl", include=["messages", "entities"])
    named = export(alice, schema=PROFILE, filters={"OR": [ALEX, {"user_id": "blake"}]})
    delete(alice, "/v2/entities/user/alex/")
    assert " tea" not in stored(services)
    assert [row["memory"] for row in lines(alice, plain)] == ["Likes coffee"]
    for export_id in (full, named):
        assert call(alice, "GET", f"/v1/exports/{export_id}/").status_code == 404
    with superuser(services) as connection:
        (asked,) = connection.execute("SELECT string_agg(asked::text, '') FROM export").fetchone() or ("",)
    assert "alex" not in asked


@contextmanager
def deleting(person: Person, memory_id: str) -> Iterator[threading.Event]:
    """A deletion that has done all its work and commits when it is told to."""
    has_deleted, may_commit = threading.Event(), threading.Event()

    def work() -> None:
        with tenant_tx(person.tenant):
            forget(memories_of([UUID(memory_id)]))
            has_deleted.set()
            may_commit.wait(30)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert has_deleted.wait(30)
        yield may_commit
    finally:
        may_commit.set()
        thread.join()


@pytest.mark.parametrize("asked", [{"format": "jsonl"}, {"schema": PROFILE, **ALEX}], ids=["file", "object"])
def test_what_a_running_deletion_takes_is_not_copied(alice: Person, services: Services, asked: dict[str, Any]) -> None:
    gone = keep(alice, "Has a dog called Rufus")
    with deleting(alice, gone) as may_commit:
        export_id = ask(alice, **asked)  # The deletion has not seen this one.
        maker = threading.Thread(target=make, args=(alice, export_id))
        maker.start()
        maker.join(0.5)
        may_commit.set()
        maker.join()
    assert "Rufus" not in stored(services)
    assert status(alice, export_id)["status"] == "SUCCEEDED"


def test_a_deletion_and_the_end_of_an_export_do_not_wait_for_each_other(alice: Person) -> None:
    gone = keep(alice, "Likes tea")
    export_id = ask(alice, schema=PROFILE, filters=ALEX)
    deletion = threading.Thread(target=delete, args=(alice, f"/v1/memories/{gone}/"))
    with tenant_tx(alice.tenant):
        Job.objects.select_for_update(of=["self"]).get(event_id=export_id)
        deletion.start()
        deletion.join(1)
        # As whoever ends an export does: it has its job, and changes the export then.
        Export.objects.select_for_update(of=["self"], nowait=True).get(id=export_id)
    deletion.join()
    assert fetch(alice, memory_export_id=export_id).status_code == 404


def test_a_deletion_finds_nothing_to_do_where_there_are_no_exports(alice: Person) -> None:
    delete(alice, f"/v1/memories/{keep(alice, 'Likes tea')}/")
    with tenant_tx(alice.tenant):
        assert not Export.objects.exists()
        assert not Blob.objects.exists()
