"""Every endpoint with somebody else's ids: they are as good as ids that do not exist (reliability.md C1, C2, C5)."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.conftest import Services
from tests.tenancy.cases import CASES, endpoints
from tests.tenancy.rows import TENANT_TABLES, everything
from tests.tenancy.world import World, ids_of_nobody

HELD_BY_MORE = {
    "GET /v1/ping/",  # reads nothing but the caller's key
    "POST /v1/memories/search/",  # names its project in a statement of its own
    "POST /v2/memories/search/",  # the same
    "POST /v3/memories/search/",  # the same
    "DELETE /v1/memories/",  # its job writes revisions, whose composite references fail
    "POST /api/v1/keys/report/",  # takes keys and no ids, and always says the same
    "GET /v1/stats/",  # takes no id and tells numbers only: tests/memories/test_stats.py looks at those
}
"""Endpoints that stay tight even without managers and policies."""


def leaks(world: World, endpoint: str, services: Services) -> Iterator[str]:
    """Tries every place of the endpoint in which an id can stand; yields what differs, and what changed in the end."""
    case, nobody = CASES[endpoint], ids_of_nobody()
    before = everything(services, world.alice.tenant)
    for call in case.calls():
        yield from world.leaks(_method(endpoint), call, world.hers, nobody)
    for hers, nobodys in zip(case.in_the_project(world.hers), case.in_the_project(nobody), strict=True):
        # The rest of the call is Bob's own.
        yield from world.leaks(_method(endpoint), hers, None, None, nobodys)
    yield from _changes(before, everything(services, world.alice.tenant))


def _changes(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> Iterator[str]:
    return (f"{table} changed" for table in TENANT_TABLES if before[table] != after[table])


def _method(endpoint: str) -> str:
    return endpoint.split(" ", maxsplit=1)[0]


def test_every_endpoint_has_a_row() -> None:
    assert sorted(endpoints()) == sorted(CASES)


@pytest.mark.parametrize("endpoint", CASES)
def test_to_the_database_alone_ids_of_another_tenant_are_like_ids_of_nobody(
    world: World, services: Services, settings: Any, endpoint: str
) -> None:
    settings.TENANT_ORM_SCOPING = False
    assert list(leaks(world, endpoint, services)) == []


@pytest.mark.parametrize("endpoint", CASES)
def test_managers_tell_no_more_than_the_database(world: World, services: Services, endpoint: str) -> None:
    """They only narrow what the database lets through: the usual call would show if they said so."""
    before = everything(services, world.alice.tenant)
    assert list(world.leaks(_method(endpoint), CASES[endpoint].usual, world.hers, ids_of_nobody())) == []
    assert list(_changes(before, everything(services, world.alice.tenant))) == []


@pytest.mark.parametrize("endpoint", [endpoint for endpoint in CASES if endpoint not in HELD_BY_MORE])
def test_with_the_protections_off_the_matrix_finds_the_leak(
    world: World, services: Services, settings: Any, endpoint: str
) -> None:
    settings.TENANT_ORM_SCOPING = False
    [(access,)] = world.admin.execute("SELECT pg_get_functiondef('place_of'::regproc)").fetchall()
    try:
        _row_level_security(world.admin, "DISABLE")
        everybody_owns = access.partition("WHERE EXISTS")[0].replace("in_org.role", "'OWNER'") + "$function$"
        world.admin.execute(everybody_owns)
        assert any(leaks(world, endpoint, services))
    finally:
        world.admin.execute(access)
        _row_level_security(world.admin, "ENABLE")


def _row_level_security(admin: psycopg.Connection, verb: str) -> None:
    for table in TENANT_TABLES:
        admin.execute(f"ALTER TABLE {table} {verb} ROW LEVEL SECURITY")
