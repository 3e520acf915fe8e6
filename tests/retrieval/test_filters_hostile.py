"""Filters that attack or explode (reliability.md D4): refused with 400, or taken literally; never a database error."""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import pytest

from loci.errors import DomainError
from loci.tenancy.context import tenant_tx
from memories.models import Memory
from memories.retrieval.filters import parse, to_q
from tests.conftest import Person

QUOTES = ["", "'", "''", '"', "\\'", "$$", "`", "')", '"}', "']"]
ATTACKS = [
    "OR 1=1 --",
    "; DROP TABLE memory; --",
    "UNION SELECT text FROM memory --",
    "AND pg_sleep(9) --",
    "::text) OR (TRUE",
    "@> '{}' OR metadata IS NOT NULL",
    "|| (SELECT version())",
    "} RETURN 1 //",
]
PLACEHOLDERS = ["%s", "%(project)s", "%", "%%", "_", "\\", "\\\\", "{0}", "{}", "?", ":name", "$1"]
JSON_PATHS = ["$.a", "$.** ? (@ > 0)", "@.x", "0", "-1", "[0]", "{a,b}", "a,b", "null", "true"]
LOOKUPS = ["_connector", "_negated", "user_id__startswith", "project_id", "metadata__contains", "pk", "__class__"]
LOOKALIKES = ["\u2019 OR 1=1", "\u02bc", "\uff07", "\U0001f600", "\u202e"]
PAYLOADS = [
    *[quote + attack for quote, attack in product(QUOTES, ATTACKS)],
    *PLACEHOLDERS,
    *JSON_PATHS,
    *LOOKUPS,
    *LOOKALIKES,
]

Position = Callable[[str], Mapping[str, Any]]

VALUES: list[Position] = [
    lambda payload: {"user_id": payload},
    lambda payload: {"user_id": {"in": [payload]}},
    lambda payload: {"user_id": "*", "NOT": {"user_id": {"ne": payload}}},
    lambda payload: {"categories": {"in": [payload]}},
    lambda payload: {"metadata": {"value": payload}},
    lambda payload: {"metadata.value": {"in": [payload]}},
    lambda payload: {"metadata": {"list": {"contains": payload}}},
    lambda payload: {"metadata": {"value": {"gte": payload, "lte": payload}}},
    lambda payload: {"metadata": {"value": {"contains": payload}, "length": len(payload)}},
    lambda payload: {"metadata": {f"key {payload}": 1}},
    lambda payload: {"metadata": {"nested": {f"key {payload}": {"exists": True}}}},
    lambda payload: {"text": payload, "metadata": {"length": len(payload)}},
    lambda payload: {"keywords": {"contains": payload}, "metadata": {"length": len(payload)}},
    lambda payload: {"categories": {"contains": payload}, "metadata": {"length": len(payload)}},
]
"""Where a text is data: exactly what equals or contains it is found."""

REFUSED: list[Position] = [
    lambda payload: {payload: "x"},
    lambda payload: {"AND": [{f"user_id{payload}.": "x"}]},
    lambda payload: {"user_id": {payload: "x"}},
    lambda payload: {"created_at": {payload: "2026-01-01"}},
    lambda payload: {"metadata": {"k": {"eq": 1, payload: 1}}},
    lambda payload: {"created_at": payload},
    lambda payload: {"expiration_date": {"gt": payload}},
    lambda payload: {"memory_ids": [payload]},
    lambda payload: {"metadata": {"k": {"exists": payload}}},
]
"""Where only words of the grammar may stand."""

PATHS: list[Position] = [
    lambda payload: {f"metadata.{payload}": "x"},
    lambda payload: {"metadata": {payload: {payload: "x"}}},
    lambda payload: {"metadata": {"k": {payload: 1}}},
]
"""Where a text names a place in metadata, or reads as an operator and is refused: nothing is there."""


@pytest.fixture
def memories(alice: Person) -> Person:
    """One memory per payload, which holds it everywhere."""
    with tenant_tx(alice.tenant):
        Memory.objects.bulk_create(
            Memory(
                user_id=payload,
                text=f"({payload})",
                categories=[payload],
                metadata={
                    "value": payload,
                    "length": len(payload),
                    "list": [payload],
                    f"key {payload}": 1,
                    "nested": {f"key {payload}": 1},
                },
            )
            for payload in PAYLOADS
        )
    return alice


def found(filters: Mapping[str, Any]) -> set[str]:
    return set(Memory.objects.filter(to_q(parse(filters))).values_list("user_id", flat=True))


def found_unless_refused(filters: Mapping[str, Any]) -> set[str]:
    try:
        return found(filters)
    except DomainError:
        return set()


def test_an_attack_in_a_value_finds_what_literally_holds_it(memories: Person) -> None:
    with tenant_tx(memories.tenant):
        tried = [(position(payload), payload) for position, payload in product(VALUES, PAYLOADS)]
        assert [filters for filters, payload in tried if found(filters) != {payload}] == []


def test_an_attack_in_a_path_finds_nothing(memories: Person) -> None:
    with tenant_tx(memories.tenant):
        tried = [position(payload) for position, payload in product(PATHS, PAYLOADS)]
        assert [filters for filters in tried if found_unless_refused(filters)] == []


@pytest.mark.parametrize("position", REFUSED, ids=range(len(REFUSED)))
def test_an_attack_in_a_word_of_the_grammar_is_refused(position: Position) -> None:
    for payload in PAYLOADS:
        with pytest.raises(DomainError) as raised:
            parse(position(payload))
        assert raised.value.status == 400


def nested(depth: int) -> dict[str, Any]:
    node: dict[str, Any] = {"user_id": "alice"}
    for _ in range(depth):
        node = {"AND": [node]}
    return node


AT_THE_LIMIT: list[Mapping[str, Any]] = [
    nested(5),
    {"AND": [{"text": "x"}] * 50},
    {"OR": [{"text": "x"}] * 49},
    {"user_id": {"in": ["x"] * 100}},
    {"user_id": "x" * 256},
    {"text": "x" * 1000},
    {"categories": "x" * 100},
    {"metadata.a.b.c.d.e": 1},
    {"metadata": {"k" * 128: 1}},
]
BEYOND: list[Mapping[str, Any]] = [
    nested(6),
    nested(10_000),
    {"AND": [{"text": "x"}] * 51},
    {"OR": [{"text": "x"}] * 50},
    {"user_id": {"in": ["x"] * 101}},
    {"memory_ids": ["x"] * 10_000},
    {"metadata": {"k": {"in": [1] * 101}}},
    {"metadata": {"k": [1] * 101}},
    {"user_id": "x" * 257},
    {"text": "x" * 1001},
    {"categories": "x" * 101},
    {"metadata.a.b.c.d.e.f": 1},
    {"metadata": {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}},
    {"metadata": {"k" * 129: 1}},
    {"metadata.a..b": 1},
    {"metadata.": 1},
    {"metadata": {"k": 2**60}},
    {"metadata": {"k": float("inf")}},
]


@pytest.mark.parametrize("filters", AT_THE_LIMIT, ids=range(len(AT_THE_LIMIT)))
def test_a_filter_at_a_limit_is_taken(filters: Mapping[str, Any]) -> None:
    to_q(parse(filters))


@pytest.mark.parametrize("filters", BEYOND, ids=range(len(BEYOND)))
def test_a_filter_beyond_a_limit_is_refused(filters: Mapping[str, Any]) -> None:
    with pytest.raises(DomainError) as raised:
        parse(filters)
    assert raised.value.status == 400


@pytest.mark.parametrize("text", ["a\0b", "\0", "\ud800"], ids=ascii)
@pytest.mark.parametrize(
    "position",
    [
        *VALUES[:6],
        lambda text: {text: "x"},
        lambda text: {f"metadata.{text}": 1},
        lambda text: {"metadata": {text: 1}},
        lambda text: {"created_at": text},
    ],
    ids=range(10),
)
def test_a_text_that_cannot_be_stored_is_refused(position: Position, text: str) -> None:
    with pytest.raises(DomainError):
        parse(position(text))
