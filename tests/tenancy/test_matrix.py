"""Every endpoint with somebody else's ids: they are as good as ids that do not exist (reliability.md C1, C2, C5)."""

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from psycopg import sql

from loci.tenancy.context import tenant_tx
from loci.tenancy.registry import PROJECT_TABLES
from memories.models import Entity
from tests.conftest import Person, Services
from tests.tenancy.cases import CASES, Call, Ids, endpoints
from tests.tenancy.rows import TENANT_TABLES, everything, make_rows, superuser

LONG_NUMBER = 10**12
"""Beyond it, an entity's number is no part of any other number in an answer."""

SECRET = "Hides a badminton racket under the piano"
VARYING = {
    "<calendar>": re.compile(r'"structured_attributes":\s*\{[^}]*\}'),
    "<request>": re.compile(r'"request_id":\s*"[^"]*"'),
    "<number>": re.compile(r'"id":\s*(?:"\d+"|\d+(?=[,}]))'),
    "<latency>": re.compile(r'"latency":\s*[\d.]+'),
    "<time>": re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00"),
    "<uuid>": re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
}
HELD_BY_MORE = {
    "GET /v1/ping/",  # reads nothing but the caller's key
    "POST /v1/memories/search/",  # names its project in a statement of its own
    "POST /v2/memories/search/",  # the same
    "POST /v3/memories/search/",  # the same
    "DELETE /v1/memories/",  # its job writes revisions, whose composite references fail
    "GET /v1/stats/",  # takes no id and tells numbers only: tests/memories/test_stats.py looks at those
}
"""Endpoints that stay tight even without managers and policies."""


def ids_of(person: Person, who: str, text: str) -> Ids:
    """Gives the person a memory of their own entities, and returns all that can be named of it."""
    others = {"agent_id": f"{who}-agent", "app_id": f"{who}-app", "run_id": f"{who}-run"}
    rows = make_rows(person.tenant, user=who, text=text, **others)
    number = rows["entity"].number + LONG_NUMBER
    with tenant_tx(person.tenant):
        Entity.objects.filter(id=rows["entity"].id).update(number=number)
    return Ids(
        memory=str(rows["memory"].id),
        event=str(rows["event"].id),
        user=who,
        agent=others["agent_id"],
        app=others["app_id"],
        run=others["run_id"],
        entity_number=str(number),
        org=person.org_id,
        project=person.project_id,
        idempotency_key=rows["idempotency_key"].key,
    )


def ids_of_nobody() -> Ids:
    """Returns ids of the same forms that nobody has."""
    memory, event, name, key = (str(uuid.uuid4()) for _ in range(4))
    return Ids(
        memory=memory,
        event=event,
        user=name,
        agent=f"{name}-agent",
        app=f"{name}-app",
        run=f"{name}-run",
        entity_number=str(2 * LONG_NUMBER),
        org=f"org_{name}",
        project=f"proj_{name}",
        idempotency_key=key,
    )


@dataclass
class World:
    """Alice with her secret, and Bob, whose project is as it was before each of his calls."""

    alice: Person
    bob: Person
    hers: Ids
    admin: psycopg.Connection

    def call_as(self, person: Person, method: str, call: Call) -> Any:
        query = f"?{urlencode(call.query)}" if call.query else ""
        body = json.dumps(call.body) if call.body is not None else ""
        return person.client.generic(
            method, call.path + query, body, content_type="application/json", headers=call.headers
        )

    def bob_again(self) -> Ids:
        """Puts Bob's project back to one memory in each table."""
        with self.admin.transaction():
            for table in sorted(PROJECT_TABLES):
                statement = sql.SQL("DELETE FROM {} WHERE project_id = %s").format(sql.Identifier(table))
                self.admin.execute(statement, [self.bob.tenant.project_id])
        return ids_of(self.bob, "bob", "Lives in Rome")

    def answer_to_bob(self, method: str, call: Call, named: Ids) -> tuple[int, dict[str, str], str]:
        """Returns what Bob gets for a call that names these ids, with everything that always differs left out."""
        his = self.bob_again()
        response = self.call_as(self.bob, method, call.naming(named).naming(his))
        headers = {
            name: value for name, value in response.headers.items() if name not in {"X-Request-Id", "Content-Length"}
        }
        return response.status_code, headers, _settled(response.content.decode(), [*asdict(named).values()])

    def leaks(
        self, method: str, call: Call, named: Ids, nobody: Ids, nobodys_call: Call | None = None
    ) -> Iterator[str]:
        """Yields how Bob's call that names Alice's ids differs from the same call that names nobody's."""
        foreign = self.answer_to_bob(method, call, named)
        unknown = self.answer_to_bob(method, nobodys_call or call, nobody)
        if foreign != unknown:
            yield f"{call}: {foreign} is not {unknown}"
        yield from (f"{call} tells {word!r}" for word in (SECRET, self.alice.email) if word in foreign[2])


def _settled(text: str, named: list[str]) -> str:
    for value in sorted(named, key=len, reverse=True):
        text = text.replace(value, "<named>")
    for name, pattern in VARYING.items():
        text = pattern.sub(name, text)
    return text


@pytest.fixture
def world(alice: Person, bob: Person, services: Services) -> Iterator[World]:
    with superuser(services) as admin:
        yield World(alice, bob, ids_of(alice, "alice", SECRET), admin)


def leaks(world: World, endpoint: str, services: Services) -> Iterator[str]:
    """Tries every place of the endpoint in which an id can stand; yields what differs, and what changed in the end."""
    method, case, nobody = endpoint.split(" ", maxsplit=1)[0], CASES[endpoint], ids_of_nobody()
    before = everything(services, world.alice.tenant)
    for call in case.calls():
        yield from world.leaks(method, call, world.hers, nobody)
    for hers, nobodys in zip(case.in_the_project(world.hers), case.in_the_project(nobody), strict=True):
        # The rest of the call is Bob's own.
        his = world.bob_again()
        yield from world.leaks(method, hers, his, his, nobodys)
    after = everything(services, world.alice.tenant)
    yield from (f"{table} changed" for table in TENANT_TABLES if before[table] != after[table])


def test_every_endpoint_has_a_row() -> None:
    assert sorted(endpoints()) == sorted(CASES)


@pytest.mark.parametrize("endpoint", CASES)
def test_everybody_reaches_their_own(world: World, endpoint: str) -> None:
    response = world.call_as(world.alice, endpoint.split(" ", maxsplit=1)[0], CASES[endpoint].usual.naming(world.hers))
    assert response.status_code in {200, 201}, response.content


@pytest.mark.parametrize("endpoint", CASES)
@pytest.mark.parametrize("scoped", [True, False], ids=["managers and database", "database alone"])
def test_ids_of_another_tenant_are_like_ids_of_nobody(
    world: World, services: Services, settings: Any, endpoint: str, scoped: bool
) -> None:
    settings.TENANT_ORM_SCOPING = scoped
    assert list(leaks(world, endpoint, services)) == []


@pytest.mark.parametrize("endpoint", [endpoint for endpoint in CASES if endpoint not in HELD_BY_MORE])
def test_with_both_protections_off_the_matrix_finds_the_leak(
    world: World, services: Services, settings: Any, endpoint: str
) -> None:
    settings.TENANT_ORM_SCOPING = False
    try:
        _row_level_security(world.admin, "DISABLE")
        assert any(leaks(world, endpoint, services))
    finally:
        _row_level_security(world.admin, "ENABLE")


def _row_level_security(admin: psycopg.Connection, verb: str) -> None:
    for table in TENANT_TABLES:
        admin.execute(f"ALTER TABLE {table} {verb} ROW LEVEL SECURITY")
