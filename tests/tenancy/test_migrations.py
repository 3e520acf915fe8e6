"""The models, their migrations and the database say the same."""

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connections
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from tests.conftest import Services
from tests.tenancy.rows import superuser

ONLINE = [
    ("memories", "0003", ["memory_superseded"]),
    ("memories", "0004", ["revision_shown"]),
    ("memories", "0006", ["event_key"]),
    ("memories", "0009", ["revision_said"]),
    ("memories", "0011", ["revision_key"]),
    ("memories", "0018", ["memory_follows"]),
    ("memories", "0021", ["memory_of_agent", "memory_of_app", "memory_of_run"]),
    ("memories", "0027", ["event_untrimmed", "message_hidden", "memory_expiry"]),
    ("workers", "0004", ["job_once_per_window"]),
    ("loci", "0003", ["idempotency_key_subject", "idempotency_key_oldest", "request_log_answered"]),
]
"""App, migration that adds indexes while others write, these indexes."""


def apply(app: str, number: str) -> None:
    """Applies this one migration, as the owner does in its turn."""
    executor = MigrationExecutor(connections["owner"])
    migration = executor.loader.get_migration_by_prefix(app, number)
    before = executor.loader.project_state(migration.dependencies)
    executor.apply_migration(before, migration)
    connections["owner"].close()


def test_no_model_has_changed_since_the_last_migration() -> None:
    loader = MigrationLoader(None)
    changes = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps)).changes(loader.graph)
    assert changes == {}


def test_every_migration_is_applied_by_the_owner(database: None) -> None:
    call_command("migrate", check_unapplied=True, verbosity=0)


@pytest.mark.parametrize(
    ("app", "number", "does"),
    [
        ("orgs", "0001", ["Make Organization an organization's table", "Let the app read and write User"]),
        ("loci", "0001", ["Make IdempotencyKey a project table"]),
    ],
)
def test_an_operator_can_read_what_a_migration_does_to_whom_a_table_belongs(
    database: None, capsys: pytest.CaptureFixture[str], app: str, number: str, does: list[str]
) -> None:
    call_command("sqlmigrate", app, number, database="owner", no_color=True)
    said = capsys.readouterr().out
    assert [line for line in does if f"-- {line}" not in said] == []
    assert "FORCE ROW LEVEL SECURITY" in said


@pytest.mark.parametrize(("app", "number", "indexes"), ONLINE)
def test_an_index_whose_making_was_interrupted_is_made_again(
    database: None, services: Services, app: str, number: str, indexes: list[str]
) -> None:
    with superuser(services) as admin:
        made = "SELECT indexrelid::regclass::text, indisvalid, pg_get_indexdef(indexrelid) FROM pg_index ORDER BY 1"
        wanted = admin.execute(made).fetchall()
        # A run that ended before it could note what it had made.
        admin.execute("DELETE FROM django_migrations WHERE app = %s AND name LIKE %s", [app, f"{number}%"])
        admin.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [indexes[-1]])
        apply(app, number)
        assert admin.execute(made).fetchall() == wanted
