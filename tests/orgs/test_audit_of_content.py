"""What is deleted through the memory API is in the audit log, with ids and counts and without any text or name."""

import json
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection

from loci.tenancy.context import org_tx
from memories.services import deleting
from orgs import audit
from orgs.models import AuditEntry
from tests.conftest import Person
from tests.memories.support import call, delete, get, keep, ok, supersede, texts
from tests.orgs.support import with_key


def entries(person: Person) -> list[AuditEntry]:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        return list(AuditEntry.objects.order_by("number"))


def logged(person: Person) -> list[tuple[str, str, str, dict[str, Any]]]:
    return [(entry.action, entry.object_type, entry.object_id, entry.details) for entry in entries(person)]


def test_the_deletion_of_a_memory(alice: Person) -> None:
    kept, other = keep(alice, "Likes tea"), keep(alice, "Likes coffee")
    supersede(alice, other, by=kept)
    delete(alice, f"/v1/memories/{kept}/?delete_linked=true")
    assert logged(alice) == [("memory.delete", "memory", kept, {"count": 2, "project": alice.project_id})]


def test_the_deletion_of_many(alice: Person) -> None:
    kept = [keep(alice, "Likes tea"), keep(alice, "Likes coffee")]
    ok(call(alice, "DELETE", "/v1/batch/", {"memory_ids": [*kept, kept[0]]}))
    assert logged(alice) == [
        ("memory.delete_many", "memory", "", {"count": 2, "ids": sorted(kept), "project": alice.project_id})
    ]


def test_the_deletion_of_what_filters_find(alice: Person) -> None:
    keep(alice, "Likes tea")
    event_id = delete(alice, "/v1/memories/?user_id=alex")["event_id"]
    assert logged(alice) == [("memory.delete_all", "event", event_id, {"project": alice.project_id})]


@pytest.mark.parametrize("path", ["/v2/entities/user/alex/", "/v1/entities/user/{number}/"])
def test_the_erasure_of_an_entity(alice: Person, path: str) -> None:
    keep(alice, "Likes tea")
    (entity,) = get(alice, "/v2/entities/user/alex/")
    event_id = delete(alice, path.format(number=entity["id"]))["event_id"]
    details = {"event_id": event_id, "project": alice.project_id}
    assert logged(alice) == [("entity.delete", "user", entity["id"], details)]
    delete(alice, "/v2/entities/user/nobody/")
    assert [entry.object_id for entry in entries(alice)][1:] == [""]


def test_no_text_and_no_name_is_logged(alice: Person) -> None:
    kept = [keep(alice, f"Likes {what}", metadata={"place": "Rome"}) for what in ("tea", "coffee", "air")]
    delete(alice, f"/v1/memories/{kept[0]}/")
    ok(call(alice, "DELETE", "/v1/batch/", {"memory_ids": [kept[1]]}))
    delete(alice, "/v1/memories/?user_id=alex&metadata[place]=Rome")
    delete(alice, "/v2/entities/user/alex/")
    said = json.dumps([audit.entry_json(entry) for entry in entries(alice)])
    assert len(entries(alice)) == 4
    assert [word for word in ("alex", "Rome", "tea", "coffee", "air", "@") if word in said] == []


def test_what_was_not_deleted_is_not_logged(alice: Person, bob: Person) -> None:
    kept = keep(bob, "Likes tea")
    assert call(alice, "DELETE", f"/v1/memories/{kept}/").status_code == 404
    assert call(alice, "DELETE", "/v1/batch/", {"memory_ids": [str(uuid4())]}).status_code == 404
    assert call(alice, "DELETE", "/v1/memories/?metadata=x&user_id=alex").status_code == 400
    assert (logged(alice), logged(bob)) == ([], [])


def test_a_repeated_deletion_is_logged_once(alice: Person) -> None:
    kept = keep(alice, "Likes tea")
    for _ in range(2):
        ok(call(alice, "DELETE", f"/v1/memories/{kept}/", None, **{"idempotency-key": "one"}))
    assert len(logged(alice)) == 1


def test_nothing_is_deleted_that_cannot_be_logged(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = keep(alice, "Likes tea")
    monkeypatch.setattr(audit, "_ONE_AFTER_ANOTHER", "SELECT 1/0, %s")
    assert call(alice, "DELETE", f"/v1/memories/{kept}/").status_code == 400
    assert call(alice, "DELETE", "/v2/entities/user/alex/").status_code == 400
    assert texts(alice) == ["Likes tea"]
    assert get(alice, "/v2/entities/user/alex/")


def test_deletions_at_once_all_succeed_and_are_all_logged(alice: Person) -> None:
    kept = [keep(alice, f"Likes number {number}") for number in range(24)]
    threads = 6

    def work(number: int) -> list[int]:
        client = with_key(alice.key)
        statuses = [client.delete(f"/v1/memories/{each}/").status_code for each in kept[number::threads]]
        connection.close()
        return statuses

    with ThreadPoolExecutor(threads) as pool:
        assert {status for statuses in pool.map(work, range(threads)) for status in statuses} == {200}
    assert {object_id for _, _, object_id, _ in logged(alice)} == set(kept)
    call_command("verify_audit", alice.org_id, stdout=StringIO())


def test_the_job_of_a_deletion_logs_nothing_more(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deleting, "BATCH", 1)
    for what in ("tea", "coffee"):
        keep(alice, f"Likes {what}")
    delete(alice, "/v1/memories/?user_id=alex")
    assert texts(alice) == []
    assert len(logged(alice)) == 1
