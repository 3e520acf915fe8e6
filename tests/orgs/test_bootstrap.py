"""`manage.py bootstrap`: the first owner and their key, all or nothing."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from orgs.models import User
from orgs.queries import Caller, caller_of
from tests.conftest import Services
from tests.orgs.accounts.browser import Browser
from tests.tenancy.rows import TENANT_TABLES, superuser

HOST = "http://localhost:8000"


@pytest.fixture
def path(tmp_path: Path, database: None) -> Path:
    return tmp_path / "credentials.json"


def bootstrap(path: Path) -> dict[str, Any]:
    call_command("bootstrap", credentials=path, host=HOST)
    credentials: dict[str, Any] = json.loads(path.read_text())
    return credentials


def is_empty(services: Services) -> bool:
    with superuser(services) as admin:
        return not any(admin.execute(f'SELECT FROM "{table}"').rowcount for table in [*TENANT_TABLES, "user"])


def test_the_first_run_makes_an_owner_whose_credentials_work(path: Path) -> None:
    credentials = bootstrap(path)
    assert set(credentials) == {"host", "api_key", "org_id", "project_id", "email", "password"}
    caller = caller_of(credentials["api_key"])
    assert isinstance(caller, Caller)
    here = caller.here
    assert (here.org_public_id, here.project_public_id) == (credentials["org_id"], credentials["project_id"])
    assert credentials["host"] == HOST


def test_the_first_owner_can_log_in_at_once(path: Path) -> None:
    credentials = bootstrap(path)
    browser = Browser()
    browser.log_in(credentials["email"], credentials["password"])
    assert browser.is_logged_in


def test_the_credentials_are_for_their_owner_only(path: Path) -> None:
    path.write_text("left by somebody else")
    path.chmod(0o644)
    bootstrap(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_second_run_does_nothing(path: Path) -> None:
    first = bootstrap(path)
    path.unlink()
    call_command("bootstrap", credentials=path, host=HOST)
    assert not path.exists()
    assert User.objects.count() == 1
    assert caller_of(first["api_key"])


def test_where_the_file_cannot_be_written_nobody_is_made(path: Path, services: Services) -> None:
    with pytest.raises(OSError, match="nowhere"):
        bootstrap(path.parent / "nowhere" / path.name)
    assert is_empty(services)


def test_a_crash_before_the_commit_leaves_nobody_and_the_next_run_starts_afresh(path: Path, services: Services) -> None:
    with transaction.atomic():
        lost = bootstrap(path)
        transaction.set_rollback(True)
    assert is_empty(services)
    credentials = bootstrap(path)
    assert caller_of(lost["api_key"]) is None
    assert caller_of(credentials["api_key"])
