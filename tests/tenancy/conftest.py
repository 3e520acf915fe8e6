"""The world of the tests of isolation."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
from psycopg import sql

from orgs.accounts import rates
from tests.conftest import Services
from tests.tenancy.rows import all_saved, superuser
from tests.tenancy.world import SetUp, World, in_its_place, new_world

T = TypeVar("T")


@pytest.fixture(autouse=True)
def _no_rate_of_invitations(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests invite the same people again and again."""
    for action in ("invite", "invited"):
        monkeypatch.setitem(rates.RATES, action, "100000/d/key")


@pytest.fixture(scope="session")
def admin(services: Services, django_db_setup: None) -> Iterator[psycopg.Connection]:
    """A superuser, whom nothing stops."""
    with superuser(services) as connection:
        yield connection


@pytest.fixture(scope="session")
def sets() -> dict[str, tuple[Any, sql.Composed]]:
    """What `set_up` made, by name, and the statements that make its rows again."""
    return {}


@pytest.fixture
def set_up(database: None, admin: psycopg.Connection, sets: dict[str, tuple[Any, sql.Composed]]) -> SetUp:
    """Returns what makes something of this name with all of its rows, and in later tests puts those rows back."""

    def once(name: str, make: Callable[[], T]) -> T:
        if name not in sets:
            sets[name] = make(), all_saved(admin)
        else:
            with admin.transaction():
                admin.execute(sets[name][1])
        found: T = sets[name][0]
        return found

    return once


@pytest.fixture
def world(set_up: SetUp, admin: psycopg.Connection, settings: Any, tmp_path: Path) -> World:
    """Alice with a memory that nobody else may see, and Bob."""
    return in_its_place(set_up("world", lambda: new_world(admin)), settings, tmp_path)
