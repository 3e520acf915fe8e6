"""What many tests begin with: made by the first of them through the API, and put back as rows for the others."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

import psycopg
import pytest
from psycopg import sql

from tests.conftest import Services
from tests.tenancy.rows import all_saved, superuser

T = TypeVar("T")


class SetUp(Protocol):
    """What the fixture `set_up` returns."""

    def __call__(self, name: str, make: Callable[[], T]) -> T: ...


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
