"""Attacks through the API (reliability.md D4): literal or 400, and never an error of the database."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import connections

from loci.tenancy.context import tenant_tx
from memories.models import Memory, MemoryState
from tests.conftest import Person, Services
from tests.memories.support import Json, call, ok
from tests.retrieval.attacks import PATHS, PAYLOADS, REFUSED, VALUES, keep_payloads
from tests.tenancy.rows import superuser

Ask = Callable[[Person, Json], Any]

AT_ONCE = 10


@pytest.fixture
def memories(alice: Person) -> Person:
    return keep_payloads(alice)


@dataclass
class Errors:
    """The errors that Postgres wrote into its log since this began."""

    log: Path
    start: int

    def all(self) -> list[str]:
        """Returns their lines."""
        lines = self.log.read_bytes()[self.start :].decode(errors="replace").splitlines()
        return [line for line in lines if re.search("(ERROR|FATAL|PANIC):", line)]


@pytest.fixture
def errors(services: Services) -> Iterator[Errors]:
    """Makes the app role's sessions write their errors, which they otherwise leave to the caller."""
    log = services.postgres.data_dir / "server.log"
    with superuser(services) as admin:
        admin.execute("ALTER ROLE loci_app SET log_min_messages = 'error'")
        connections["default"].close_pool()  # type: ignore[attr-defined]  # every alias is Postgres, which has a pool
        yield Errors(log, log.stat().st_size)
        admin.execute("ALTER ROLE loci_app RESET log_min_messages")
        connections["default"].close_pool()  # type: ignore[attr-defined]  # as above


def listing(person: Person, filters: Json) -> Any:
    return call(person, "POST", "/v3/memories/", {"filters": filters})


def searching(person: Person, filters: Json) -> Any:
    return call(person, "POST", "/v3/memories/search/", {"query": "x", "threshold": 0, "filters": filters})


def deleting(person: Person, filters: Json) -> Any:
    return call(person, "DELETE", f"/v1/memories/?filters={quote(json.dumps(filters))}")


def kept(person: Person) -> set[str]:
    with tenant_tx(person.tenant):
        return set(Memory.objects.filter(state=MemoryState.ACTIVE).values_list("user_id", flat=True))


def scoped(filters: Mapping[str, Any]) -> Json:
    return {"AND": [{"user_id": "*"}, dict(filters)]}


def test_there_are_at_least_three_hundred_payloads() -> None:
    assert len(set(PAYLOADS)) >= 300


def in_values(payloads: list[str]) -> Iterator[tuple[list[str], Json]]:
    """Yields some payloads at a time, and a filter of as many alternatives, each with one of them in a value."""
    filters = [position(payload) for position, payload in zip(cycle(VALUES), payloads, strict=False)]
    for start in range(0, len(payloads), AT_ONCE):
        yield payloads[start : start + AT_ONCE], scoped({"OR": filters[start : start + AT_ONCE]})


@pytest.mark.parametrize("ask", [listing, searching])
def test_an_attack_in_a_value_is_taken_literally(memories: Person, errors: Errors, ask: Ask) -> None:
    for payloads, filters in in_values(PAYLOADS):
        response = ask(memories, filters)
        assert response.status_code == 200, (payloads, response.content)
        assert {row["user_id"] for row in response.json()["results"]} == set(payloads)
    assert errors.all() == []


def test_an_attack_in_a_deletion_deletes_what_literally_holds_it(memories: Person, errors: Errors) -> None:
    for payloads, filters in in_values(PAYLOADS[::2]):
        assert deleting(memories, filters).status_code == 200, payloads
    assert kept(memories) == set(PAYLOADS[1::2])
    assert errors.all() == []


def test_an_attack_in_the_grammar_is_refused_or_finds_nothing(memories: Person, errors: Errors) -> None:
    asks = zip(cycle([listing, searching, deleting]), cycle([*REFUSED, *PATHS]), PAYLOADS, strict=False)
    for ask, position, payload in asks:
        response = ask(memories, scoped(position(payload)))
        found_nothing = position in PATHS and response.status_code == 200 and not response.json().get("results")
        assert found_nothing or response.status_code == 400, (payload, response.content)
    assert kept(memories) == set(PAYLOADS)
    assert errors.all() == []


def test_an_attack_in_the_address_is_taken_literally(memories: Person, errors: Errors) -> None:
    for payload, name in zip(
        PAYLOADS, cycle([None, "metadata[{}]", "metadata[value]", "filters[{}]", "{}"]), strict=False
    ):
        query = {"user_id": payload} | ({name.replace("{}", payload): payload} if name else {})
        response = call(memories, "GET", f"/v1/memories/?{urlencode(query)}")
        if name:
            assert response.status_code in {200, 400, 404}, query
        else:
            assert [row["user_id"] for row in ok(response)] == [payload]
    assert errors.all() == []


@pytest.mark.parametrize("ask", [listing, searching])
def test_a_request_beyond_a_limit_is_refused(alice: Person, ask: Ask) -> None:
    too_deep: Json = {"user_id": "x"}
    for _ in range(6):
        too_deep = {"AND": [too_deep]}
    for filters in [too_deep, {"AND": [{"text": "x"}] * 51}, {"OR": [{"text": "x"}] * 50}]:
        assert ask(alice, {"user_id": "*", **filters}).status_code == 400
    for values in [["x"] * 101, ["x"] * 10_000]:
        assert ask(alice, {"user_id": {"in": values}}).status_code == 400
