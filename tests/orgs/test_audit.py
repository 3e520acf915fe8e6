"""The chain of the audit log: entries follow each other, and nobody can change them unseen (reliability.md §2.13)."""

from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from threading import Barrier
from typing import Any

import psycopg
import pytest
from django.core.cache import caches
from django.core.management import CommandError, call_command
from django.db import connection

from loci.tenancy.context import org_tx
from orgs import audit, audit_queries
from orgs.models import ActorType, AuditEntry
from tests.conftest import Person, Services
from tests.memories.support import call, keep
from tests.orgs.support import with_restricted_key
from tests.tenancy.rows import connect, superuser


@pytest.fixture(autouse=True)
def _nothing_noted() -> None:
    """What was noted less than a minute ago is not noted again."""
    caches["process"].clear()


def record(person: Person, times: int = 1, **details: Any) -> list[AuditEntry]:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        return [audit.record(audit.SYSTEM, "project.update", "project", "proj_1", **details) for _ in range(times)]


def entries(person: Person) -> list[AuditEntry]:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        return list(AuditEntry.objects.order_by("number"))


def verify(*organizations: str) -> str:
    """Returns what the command says; raises `CommandError` with its complaints where a chain is broken."""
    out, complaints = StringIO(), StringIO()
    try:
        call_command("verify_audit", *organizations, stdout=out, stderr=complaints)
    except CommandError as error:
        raise CommandError(complaints.getvalue()) from error
    return out.getvalue()


def test_entries_are_numbered_and_name_the_one_before(alice: Person) -> None:
    first, second = record(alice), record(alice, settings=["name"])
    one, two = entries(alice)
    assert (one.number, one.previous_hash, two.number, two.previous_hash) == (1, "", 2, one.hash)
    assert [audit.hash_of(one), audit.hash_of(two)] == [first[0].hash, second[0].hash]


def test_an_unbroken_chain_is_verified_with_its_head(alice: Person, bob: Person) -> None:
    record(alice, 3)
    assert verify(alice.org_id) == f"{alice.org_id}: 3 entries, head {entries(alice)[-1].hash}\n"
    assert verify(bob.org_id) == f"{bob.org_id}: 0 entries, head none\n"
    assert verify().count("\n") == 2


def test_an_unknown_organization_is_an_error(alice: Person) -> None:
    with pytest.raises(CommandError):
        verify("org_nobody")


def test_a_chain_is_read_in_parts(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_queries, "READ_AT_ONCE", 2)
    record(alice, 5)
    assert "5 entries" in verify(alice.org_id)


TAMPERING = {
    "changed action": ("UPDATE audit_entry SET action = 'nothing' WHERE number = 2", "Entry 2 was changed."),
    "changed detail": ("""UPDATE audit_entry SET details = '{"count": 2}' WHERE number = 2""", "Entry 2 was changed."),
    "changed time": (
        "UPDATE audit_entry SET created_at = created_at - interval '1 day' WHERE number = 2",
        "Entry 2 was changed.",
    ),
    "changed actor": ("UPDATE audit_entry SET actor_id = gen_random_uuid() WHERE number = 2", "Entry 2 was changed."),
    "removed": ("DELETE FROM audit_entry WHERE number = 2", "Entry 2 is missing: 3 follows."),
    "removed, the rest renumbered": (
        "DELETE FROM audit_entry WHERE number = 2; UPDATE audit_entry SET number = number + 100 WHERE number > 2;"
        " UPDATE audit_entry SET number = number - 101 WHERE number > 100",
        "Entry 2 does not follow the one before it.",
    ),
    "removed at the beginning": ("DELETE FROM audit_entry WHERE number = 1", "Entry 1 is missing: 2 follows."),
    "inserted": (
        "UPDATE audit_entry SET number = number + 10 WHERE number > 2; UPDATE audit_entry SET number = number - 9"
        " WHERE number > 10; INSERT INTO audit_entry SELECT (e).* FROM (SELECT jsonb_populate_record(NULL::audit_entry,"
        " to_jsonb(a) || jsonb_build_object('id', gen_random_uuid(), 'number', 3)) AS e FROM audit_entry a"
        " WHERE number = 2) AS copied",
        "Entry 3 does not follow the one before it.",
    ),
    "reordered": (
        "UPDATE audit_entry SET number = -number WHERE number IN (2, 3);"
        " UPDATE audit_entry SET number = 5 + number WHERE number < 0",
        "Entry 2 does not follow the one before it.",
    ),
    "of another organization": ("UPDATE audit_entry SET org_id = '{bob}'", "Entry 1 was changed."),
}


@pytest.mark.parametrize(("statements", "complaint"), TAMPERING.values(), ids=TAMPERING)
def test_what_was_tampered_with_is_found(
    alice: Person, bob: Person, services: Services, statements: str, complaint: str
) -> None:
    record(alice, 4, count=1)
    with superuser(services) as admin:
        for statement in statements.replace("{bob}", str(bob.tenant.org_id)).split(";"):
            admin.execute(statement)
    with pytest.raises(CommandError, match=complaint):
        verify()


def test_a_forged_hash_is_found_by_the_entry_that_follows(alice: Person, services: Services) -> None:
    record(alice, 3)
    forged = entries(alice)[1]
    forged.action = "nothing"
    with superuser(services) as admin:
        statement = "UPDATE audit_entry SET action = 'nothing', hash = %s WHERE number = 2"
        admin.execute(statement, [audit.hash_of(forged)])
    with pytest.raises(CommandError, match="Entry 3 does not follow the one before it"):
        verify(alice.org_id)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET action = ''", "DELETE FROM audit_entry", "TRUNCATE audit_entry"]
)
def test_the_app_itself_can_neither_change_nor_remove_an_entry(
    alice: Person, services: Services, statement: str
) -> None:
    record(alice)
    with connect(services, "loci_app") as app:
        app.execute(f"SET app.org = '{alice.tenant.org_id}'")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(statement)


def test_transactions_at_once_leave_no_gap_and_no_duplicate(alice: Person) -> None:
    threads, each = 6, 8
    together = Barrier(threads)

    def work() -> None:
        together.wait()
        for _ in range(each):
            record(alice)
        connection.close()

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work) for _ in range(threads)]:
            done.result()
    assert [entry.number for entry in entries(alice)] == list(range(1, threads * each + 1))
    assert f"{threads * each} entries" in verify(alice.org_id)


def test_what_is_rolled_back_was_not_logged(alice: Person) -> None:
    record(alice)
    with pytest.raises(ZeroDivisionError):
        _record_and_fail(alice)
    record(alice)
    assert "2 entries" in verify(alice.org_id)


def _record_and_fail(person: Person) -> None:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        audit.record(audit.SYSTEM, "project.update", "project")
        raise ZeroDivisionError


@pytest.mark.parametrize("ip", ["203.0.113.7", "2001:DB8::1", "::102:304", "::ffff:10.0.0.1", None])
def test_every_spelling_of_an_address_is_verified(alice: Person, ip: str | None) -> None:
    assert alice.tenant.org_id
    with org_tx(alice.tenant.org_id):
        audit.record(audit.Actor(ActorType.ANONYMOUS, ip=ip), "key.use", "request")
    assert "1 entries" in verify(alice.org_id)


def test_a_refusal_is_noted_once_a_minute(alice: Person) -> None:
    assert alice.tenant.org_id
    for _ in range(3):
        audit.note(alice.tenant.org_id, audit.SYSTEM, "request.deny", "request", outcome="denied")
        audit.note(alice.tenant.org_id, audit.SYSTEM, "key.use", "request", outcome="denied", reason="address")
    assert [entry.action for entry in entries(alice)] == ["request.deny", "key.use"]


def test_without_a_place_in_the_log_a_refusal_stays_a_refusal(alice: Person, services: Services) -> None:
    kept = keep(alice, "Likes tea")
    with superuser(services) as admin:
        admin.execute("REVOKE INSERT ON audit_entry FROM loci_app")
        try:
            refused = call(with_restricted_key(alice, ("events:read",)), "GET", f"/v1/memories/{kept}/")
        finally:
            admin.execute("GRANT INSERT ON audit_entry TO loci_app")
    assert refused.status_code == 403
    assert entries(alice) == []
