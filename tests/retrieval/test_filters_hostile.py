"""Filters that attack or explode (reliability.md D4): refused with 400, or taken literally."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest

from loci.errors import DomainError
from loci.tenancy.context import tenant_tx
from memories.models import Memory
from memories.retrieval.filters import parse, to_q
from tests.conftest import Person
from tests.retrieval.attacks import PATHS, PAYLOADS, REFUSED, VALUES, Position, keep_payloads


@pytest.fixture
def memories(alice: Person) -> Person:
    return keep_payloads(alice)


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
