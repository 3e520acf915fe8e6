"""The audit log over the years: old entries go, what is left proves itself, and heads are kept elsewhere."""

import json
import re
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from loci.tenancy.context import org_tx
from orgs import audit
from orgs.models import AuditEntry
from orgs.services import audit_pruning
from tests.conftest import Person, Services
from tests.orgs.support import organization_of
from tests.orgs.test_audit import entries, record, verify
from tests.tenancy.rows import superuser

CHECKER = re.search(r"```python\n(.+?)```", (Path(__file__).parents[2] / "docs/audit.md").read_text(), re.DOTALL)


def record_before(person: Person, days: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records an entry as it was done this many days ago."""
    then = timezone.now() - timedelta(days=days)
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: then)
        record(person)


def told(command: str, *arguments: str) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def old(alice: Person, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Alice, with a log of three entries that are too old, and two that are not."""
    for days in (403, 402, 401, 399, 1):
        record_before(alice, days, monkeypatch)
    return alice


def test_a_log_is_whole_after_its_old_entries_went(old: Person, bob: Person) -> None:
    record(bob)
    assert told("prune_audit") == f"{old.org_id}: 3 entries pruned\n"
    assert [(entry.number, entry.action) for entry in entries(old)][::2] == [(4, "project.update"), (6, "audit.prune")]
    assert f"3 entries after 3 pruned ones, head {entries(old)[-1].hash}" in verify(old.org_id)
    assert told("prune_audit") == ""
    assert f"{bob.org_id}: 1 entries, head" in verify()


def test_an_export_of_what_is_left_is_checked_without_loci(old: Person) -> None:
    told("prune_audit")
    export = old.client.get(organization_of(old, "audit/export/")).getvalue()
    assert CHECKER
    for lines, is_whole in ((export, True), (export.partition(b"\n")[2], False)):
        checked = subprocess.run([sys.executable, "-c", CHECKER[1]], input=lines, capture_output=True, check=False)
        assert (checked.returncode == 0) is is_whole, checked.stderr


def test_a_crash_before_the_deletion_leaves_the_log_whole(old: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.delattr(audit_pruning, "_delete")
        with pytest.raises(NameError):
            told("prune_audit")
    assert "6 entries, head" in verify()
    told("prune_audit")
    assert "4 entries after 3 pruned ones" in verify()


TAMPERING = {
    "the oldest entry removed": ("DELETE FROM audit_entry WHERE number = 4", "Entry 1 is missing: 5 follows."),
    "the oldest entry changed": (
        "UPDATE audit_entry SET previous_hash = repeat('0', 64) WHERE number = 4",
        "Entry 4 was changed.",
    ),
    "the anchor moved with it": (
        "UPDATE audit_entry SET details = (SELECT jsonb_build_object('number', 4, 'hash', hash) FROM audit_entry"
        " WHERE number = 4) WHERE number = 6; DELETE FROM audit_entry WHERE number = 4",
        "Entry 6 was changed.",
    ),
    "the anchor emptied": ("UPDATE audit_entry SET details = '[]' WHERE number = 6", "Entry 6 was changed."),
    "the anchor removed": ("DELETE FROM audit_entry WHERE number = 6", "Entry 1 is missing: 4 follows."),
}


@pytest.mark.parametrize(("statements", "complaint"), TAMPERING.values(), ids=TAMPERING)
def test_tampering_with_what_is_left_is_found(old: Person, services: Services, statements: str, complaint: str) -> None:
    told("prune_audit")
    with superuser(services) as admin:
        for statement in statements.split(";"):
            admin.execute(statement)
    with pytest.raises(CommandError, match=complaint):
        verify()


def test_the_head_of_a_day_is_its_last_entry(old: Person, bob: Person) -> None:
    record(old)
    head = json.loads(told("audit_heads"))
    yesterday = str((timezone.now() - timedelta(days=1)).date())
    assert head == {"day": yesterday, "org_id": old.org_id, "number": 5, "hash": entries(old)[4].hash}
    assert json.loads(told("audit_heads", "--day", str(timezone.now().date())))["number"] == 6
    assert told("audit_heads", bob.org_id) == ""


@pytest.fixture
def kept(old: Person, tmp_path: Path) -> Path:
    """A file with heads: of the last entry that will be pruned, and of the last one there is."""
    days = [timezone.now().date() - timedelta(days=days) for days in (401, 1)]
    file = tmp_path / "heads"
    file.write_text("".join(told("audit_heads", "--day", str(day)) for day in days))
    return file


def test_kept_heads_stay_true_while_the_log_grows_and_is_pruned(old: Person, kept: Path) -> None:
    told("prune_audit")
    assert "3 entries after 3 pruned ones" in verify(f"--heads={kept}")


def test_kept_heads_show_what_the_chain_cannot(old: Person, kept: Path, services: Services) -> None:
    made_anew = entries(old)[4]
    made_anew.action = "nothing"
    with superuser(services) as admin:
        change = "UPDATE audit_entry SET action = 'nothing', hash = %s WHERE number = 5"
        admin.execute(change, [audit.hash_of(made_anew)])
        assert "5 entries" in verify()
        with pytest.raises(CommandError, match="Entry 5 is not the one whose hash was kept"):
            verify(f"--heads={kept}")
        admin.execute("DELETE FROM audit_entry WHERE number = 5")
    assert "4 entries" in verify()
    with pytest.raises(CommandError, match="cut off: it had 5 entries"):
        verify(f"--heads={kept}")


def test_a_forged_anchor_is_shown_by_the_head_that_was_kept_there(old: Person, kept: Path, services: Services) -> None:
    told("prune_audit")
    first, *_ = entries(old)
    first.previous_hash = "0" * 64
    with superuser(services) as admin:
        admin.execute("DELETE FROM audit_entry WHERE number > 4")
        forge = "UPDATE audit_entry SET previous_hash = %s, hash = %s WHERE number = 4"
        admin.execute(forge, [first.previous_hash, audit.hash_of(first)])
    _append(old, audit.PRUNE, number=3, hash=first.previous_hash)
    _append(old, "organization.rename")
    with pytest.raises(CommandError, match="Entry 3 is not the one whose hash was kept"):
        verify(f"--heads={kept}")


def _append(person: Person, action: str, **details: Any) -> AuditEntry:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        return audit.record(audit.SYSTEM, action, "organization", **details)


@pytest.mark.parametrize("text", ["{}", "no json", '{"org_id": "org_1", "number": "many", "hash": ""}', "1"])
def test_a_file_without_heads_is_an_error_in_a_sentence(alice: Person, tmp_path: Path, text: str) -> None:
    file = tmp_path / "heads"
    file.write_text(text)
    with pytest.raises(CommandError, match="has no heads"):
        call_command("verify_audit", f"--heads={file}")


def test_a_log_is_not_pruned_of_everything_by_a_slip(old: Person, settings: Any) -> None:
    settings.AUDIT_DAYS = 0
    with pytest.raises(CommandError, match="LOCI_AUDIT_DAYS"):
        told("prune_audit")
    assert len(entries(old)) == 5
