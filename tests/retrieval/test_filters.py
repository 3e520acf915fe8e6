"""What a filter finds (contract.md §4), on real rows."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from loci.errors import DomainError
from loci.tenancy.context import Tenant, tenant_tx
from memories.models import Memory
from memories.retrieval.filters import (
    And,
    Condition,
    Node,
    Not,
    Operator,
    Or,
    fold,
    has_scope,
    named_entity,
    parse,
    require_scope,
    to_q,
)
from tests.conftest import Person

A_ID, B_ID = UUID("01930000-0000-7000-8000-00000000000a"), UUID("01930000-0000-7000-8000-00000000000b")
JAN_1 = datetime(2026, 1, 1, tzinfo=UTC)
JAN_2_NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
JAN_3 = datetime(2026, 1, 3, tzinfo=UTC)


@pytest.fixture
def tenant(alice: Person) -> Tenant:
    """A project with three memories, told apart by `hash`: a, b, and c, which has next to nothing."""
    a = {
        "id": A_ID,
        "user_id": "alice",
        "run_id": "r1",
        "text": "Loves 100% rye bread",
        "categories": ["food", "Daily_Life"],
        "metadata": {
            "trip": {"city": "Rome", "days": 3},
            "tags": ["x", "y"],
            "n": 5,
            "a.b": 1,
            "0": "z",
            "no": None,
        },
        "created_at": JAN_1,
        "expires_on": date(2026, 6, 1),
    }
    b = {
        "id": B_ID,
        "user_id": "bob",
        "agent_id": "helper",
        "text": "Has 100 books",
        "categories": ["hobbies"],
        "metadata": {
            "trip": {"city": "Roma"},
            "tags": "xylophone",
            "n": 10,
            "since": "2025-12-01",
            "ok": True,
            "no": None,
        },
        "created_at": JAN_2_NOON,
    }
    c = {"app_id": "chat", "text": "rain_coat", "created_at": JAN_3}
    with tenant_tx(alice.tenant):
        Memory.objects.bulk_create([Memory(hash=name, **row) for name, row in {"a": a, "b": b, "c": c}.items()])
    return alice.tenant


def found(tenant: Tenant, node: Node) -> str:
    """Returns the names of the memories that match, as one word."""
    with tenant_tx(tenant):
        return "".join(sorted(Memory.objects.filter(to_q(node)).values_list("hash", flat=True)))


ENTITIES: list[tuple[Mapping[str, Any], str]] = [
    ({}, "abc"),
    ({"user_id": "alice"}, "a"),
    ({"user_id": " alice "}, "a"),
    ({"user_id": "ALICE"}, ""),
    ({"user_id": {"eq": "alice"}}, "a"),
    ({"user_id": {"ne": "alice"}}, "bc"),
    ({"user_id": {"in": ["alice", "bob", "nobody"]}}, "ab"),
    ({"user_id": ["alice", "bob"]}, "ab"),
    ({"user_id": "*"}, "ab"),
    ({"user_id": {"eq": "*"}}, "ab"),
    ({"user_id": {"ne": "*"}}, "c"),
    ({"user_id": {"in": ["*"]}}, "ab"),
    ({"user_id": {"in": ["alice", "bob"], "ne": "bob"}}, "a"),
    ({"user_id": "alice", "run_id": None, "agent_id": ""}, "a"),
    ({"user_id": "alice", "agent_id": "helper"}, ""),
]

LOGIC: list[tuple[Mapping[str, Any], str]] = [
    ({"AND": [{"user_id": "alice"}, {"run_id": "r1"}]}, "a"),
    ({"AND": [{"user_id": "alice"}, {"run_id": None}]}, "a"),
    ({"OR": [{"user_id": "alice"}, {"app_id": "chat"}]}, "ac"),
    ({"AND": [{"user_id": "*"}], "OR": [{"run_id": "r1"}, {"app_id": "chat"}]}, "a"),
    ({"user_id": "bob", "OR": [{"user_id": "alice"}, {"agent_id": "helper"}]}, "b"),
    ({"NOT": {"user_id": "alice"}}, "bc"),
    ({"NOT": {"user_id": "alice", "run_id": "other"}}, "abc"),
    ({"NOT": [{"user_id": "alice"}, {"agent_id": "helper"}]}, "c"),
    ({"NOT": {"NOT": {"user_id": "alice"}}}, "a"),
    ({"NOT": {"user_id": {"ne": "alice"}}}, "a"),
    ({"NOT": {"user_id": {"in": ["alice", "bob"]}}}, "c"),
    ({"OR": [{"AND": [{"user_id": "bob"}, {"NOT": {"run_id": "r1"}}]}, {"app_id": "chat"}]}, "bc"),
]

DATES: list[tuple[Mapping[str, Any], str]] = [
    ({"created_at": "2026-01-02"}, "b"),
    ({"created_at": "2026-01-02T12:00:00Z"}, "b"),
    ({"created_at": "2026-01-02T13:00:00+01:00"}, "b"),
    ({"timestamp": {"gt": "2026-01-01"}}, "bc"),
    ({"created_at": {"gte": "2026-01-01T00:00:00"}}, "abc"),
    ({"created_at": {"gte": "2026-01-01", "lt": "2026-01-03"}}, "ab"),
    ({"created_at": {"lte": "2026-01-02"}}, "a"),
    ({"created_at": {"lte": "9999-12-31"}}, "abc"),
    ({"created_at": {"ne": "2026-01-02"}}, "ac"),
    ({"created_at": {"in": ["2026-01-01", "2026-01-03"]}}, "ac"),
    ({"created_at": "9999-12-31"}, ""),
    ({"expiration_date": "2026-06-01"}, "a"),
    ({"expiration_date": {"gte": "2026-06-01T00:00:00Z"}}, "a"),
    ({"expiration_date": {"lt": "2026-06-01"}}, ""),
    ({"expiration_date": {"in": ["2026-06-01", "2026-06-02"]}}, "a"),
    ({"expiration_date": {"ne": "2026-06-01"}}, "bc"),
]

TEXTS: list[tuple[Mapping[str, Any], str]] = [
    ({"categories": {"in": ["food", "hobbies"]}}, "ab"),
    ({"categories": ["hobbies"]}, "b"),
    ({"categories": "food"}, "a"),
    ({"categories": "Food"}, ""),
    ({"categories": {"contains": "HOB"}}, "b"),
    ({"categories": {"contains": "daily_life"}}, "a"),
    ({"NOT": {"categories": {"contains": "o"}}}, "c"),
    ({"keywords": {"contains": "rye"}}, "a"),
    ({"keywords": {"contains": "RYE"}}, ""),
    ({"keywords": {"icontains": "RYE"}}, "a"),
    ({"keywords": "RYE"}, "a"),
    ({"text": "books"}, "b"),
    ({"keywords_search": "BOOKS"}, "b"),
    ({"text": "100%"}, "a"),
    ({"text": "100"}, "ab"),
    ({"text": "n_c"}, "c"),
    ({"text": "n__oat"}, ""),
    ({"text": "%"}, "a"),
    ({"keywords": {"contains": "_"}}, "c"),
    ({"categories": {"contains": "%"}}, ""),
    ({"text": "\\"}, ""),
    ({"memory_ids": [str(A_ID), str(B_ID)]}, "ab"),
    ({"memory_ids": {"in": [str(B_ID)]}}, "b"),
    ({"memory_ids": str(A_ID)}, "a"),
]

METADATA: list[tuple[Mapping[str, Any], str]] = [
    ({"metadata": {}}, "abc"),
    ({"metadata": {"n": 5}}, "a"),
    ({"metadata": {"n": 5.0}}, "a"),
    ({"metadata": {"n": "5"}}, ""),
    ({"metadata": {"ok": True}}, "b"),
    ({"metadata": {"ok": 1}}, ""),
    ({"metadata": {"n": {"eq": 5}}}, "a"),
    ({"metadata": {"n": {"ne": 5}}}, "bc"),
    ({"metadata": {"n": {"in": [5, 10, "x"]}}}, "ab"),
    ({"metadata": {"ok": {"in": [1, True]}}}, "b"),
    ({"metadata": {"a.b": {"in": [True, 1]}}}, "a"),
    ({"metadata": {"n": {"gt": 5}}}, "b"),
    ({"metadata": {"n": {"gte": 5, "lt": 10}}}, "a"),
    ({"metadata": {"n": {"gt": "1"}}}, ""),
    ({"metadata": {"since": {"lte": "2025-12-31"}}}, "b"),
    ({"metadata": {"since": {"gt": 1}}}, ""),
    ({"metadata": {"n": {"exists": True}}}, "ab"),
    ({"metadata": {"n": {"exists": False}}}, "c"),
    ({"metadata": {"no": {"exists": True}}}, ""),
    ({"metadata": {"since": None}}, "ac"),
    ({"metadata": {"since": {"ne": None}}}, "b"),
    ({"metadata": {"trip": {"city": "Rome"}}}, "a"),
    ({"metadata": {"trip": {"city": {"contains": "Rom"}}}}, "ab"),
    ({"metadata": {"trip": {"city": {"contains": "ROM"}}}}, ""),
    ({"metadata": {"trip": {"city": {"contains": "%"}}}}, ""),
    ({"metadata.trip.city": "Rome"}, "a"),
    ({"metadata.trip": {"city": "Rome", "days": {"gte": 3}}}, "a"),
    ({"metadata.n": {"gt": 5}}, "b"),
    ({"metadata": {"a.b": 1}}, "a"),
    ({"metadata.a.b": 1}, ""),
    ({"metadata": {"0": "z"}}, "a"),
    ({"metadata": {"tags": ["x", "y"]}}, "a"),
    ({"metadata": {"tags": ["y", "x"]}}, ""),
    ({"metadata": {"tags": "x"}}, ""),
    ({"metadata": {"tags": {"contains": "x"}}}, "ab"),
    ({"metadata": {"tags": {"contains": "y"}}}, "ab"),
    ({"metadata": {"tags": {"contains": '"x", "y"'}}}, ""),
    ({"NOT": {"metadata": {"n": {"gt": 5}}}}, "ac"),
]


@pytest.mark.parametrize(
    "table", [ENTITIES, LOGIC, DATES, TEXTS, METADATA], ids=["ids", "logic", "dates", "texts", "metadata"]
)
def test_a_filter_finds_what_it_says(tenant: Tenant, table: list[tuple[Mapping[str, Any], str]]) -> None:
    assert [(filters, found(tenant, parse(filters))) for filters, _ in table] == table


@pytest.mark.parametrize(
    ("filters", "sentence"),
    [
        ({"user_id": {"nin": ["a"]}}, "user_id: the operators are eq, ne, in."),
        ({"user_id": {}}, "user_id: the operators are eq, ne, in."),
        ({"created_at": {">=": "2026-01-01"}}, "created_at: the operators are gt, gte, lt, lte, ne, in."),
        ({"created_at": {"eq": "2026-01-01"}}, "created_at: the operators are gt, gte, lt, lte, ne, in."),
        ({"categories": {"eq": "food"}}, "categories: the operators are in, contains."),
        ({"categories": {"contains": "food\x1fdaily"}}, "categories: a category has no control characters."),
        ({"categories": "x" * 101}, "categories: a string of 1 to 100 characters is required."),
        ({"keywords": ["a"]}, "keywords: the operators are contains, icontains."),
        ({"memory_ids": ["7"]}, "memory_ids: each id should be a valid UUID."),
        (
            {"metadata": {"n": {"nin": [1]}}},
            "metadata: the operators are eq, ne, in, gt, gte, lt, lte, contains, exists.",
        ),
        ({"metadata": {"n": {"gt": 1, "unit": "m"}}}, "metadata: the operators are"),
        ({"metadata": {"n": {"$gt": 1}}}, "metadata: the operators are"),
        ({"metadata": {"n": {}}}, "metadata: the operators are"),
        ({"metadata": {"n": {"gt": True}}}, "metadata: a number or a string is required."),
        ({"metadata": {"n": {"exists": "no"}}}, "metadata: true or false is required."),
        ({"metadata": {"n": [[1]]}}, "metadata: a string, number or boolean is required."),
        ({"metadata": "n"}, "metadata: an object of keys and values is required."),
        ({"created_at": "yesterday"}, "created_at: an ISO date (YYYY-MM-DD) or date-time is required."),
        ({"created_at": "0001-01-01T00:00:00+23:00"}, "created_at: an ISO date (YYYY-MM-DD) or date-time is required."),
        ({"created_at": 1767225600}, "created_at: an ISO date (YYYY-MM-DD) or date-time is required."),
        ({"user_id": 7.5}, "user_id: a string of 1 to 256 characters is required."),
        ({"user_id": True}, "user_id: a string of 1 to 256 characters is required."),
        ({"user_id": {"eq": None}}, "user_id: a string of 1 to 256 characters is required."),
        ({"user_id": "  "}, "user_id: an id has no control characters and is not blank."),
        ({"user_id": "a\nb"}, "user_id: an id has no control characters and is not blank."),
        ({"user_id": []}, "user_id: a list of 1 to 100 values is required."),
        ({"user_id": {"in": "alice"}}, "user_id: a list of 1 to 100 values is required."),
        ({"AND": []}, "AND must be a non-empty list of objects."),
        ({"AND": {"user_id": "a"}}, "AND must be a non-empty list of objects."),
        ({"OR": None}, "OR must be a non-empty list of objects."),
        ({"AND": ["user_id"]}, "filters: conditions must be an object of fields and logical operators."),
        ([], "filters: conditions must be an object of fields and logical operators."),
    ],
    ids=str,
)
def test_a_filter_that_is_not_of_the_grammar_gets_one_clear_sentence(filters: Any, sentence: str) -> None:
    with pytest.raises(DomainError) as raised:
        parse(filters)
    assert raised.value.status == 400
    assert raised.value.body["filters"][0].startswith(sentence)


def test_an_unknown_key_gets_the_hosted_words() -> None:
    with pytest.raises(DomainError) as raised:
        parse({"AND": [{"user": "alice"}]})
    assert raised.value.body["filters"] == [
        "Top-level key must be a logical operator or an allowed field: ['AND', 'OR', 'NOT', 'user_id', 'agent_id',"
        " 'app_id', 'run_id', 'created_at', 'updated_at', 'timestamp', 'expiration_date', 'text', 'categories',"
        " 'metadata', 'keywords_search', 'memory_ids', 'keywords']"
    ]


@pytest.mark.parametrize("empty", [{}, {"user_id": None}, {"user_id": ""}, {"AND": [{}]}, {"metadata": {}}], ids=str)
def test_an_empty_condition_under_or_and_not_is_refused(empty: Mapping[str, Any]) -> None:
    wholes: list[Mapping[str, Any]] = [{"OR": [{"user_id": "alice"}, empty]}, {"NOT": empty}, {"NOT": [empty]}]
    for filters in wholes:
        with pytest.raises(DomainError, match="must not have an empty object"):
            parse(filters)


def test_the_tree_is_typed() -> None:
    filters = {"user_id": {"ne": "a"}, "OR": [{"metadata.k.l": 1}, {"created_at": {"lt": "2026-01-01"}}]}
    k_l = Condition("metadata", Operator.EQ, 1, ("k", "l"))
    assert parse(filters) == And(
        (
            Not(Condition("user_id", Operator.EQ, "a")),
            Or((k_l, Condition("created_at", Operator.LT, date(2026, 1, 1)))),
        )
    )


BESIDE: list[tuple[Mapping[str, Any], str]] = [
    ({"user_id": "alice"}, "a"),
    ({"filters": {"user_id": "*"}, "agent_id": "helper"}, "b"),
    ({"filters": {"user_id": "alice"}, "user_id": "bob"}, ""),
    ({"filters": {"OR": [{"user_id": "alice"}, {"app_id": "chat"}]}, "categories": ["food"]}, "a"),
    ({"user_id": "*", "metadata": {"n": {"gt": 5}}}, "b"),
    ({"user_id": "*", "keywords": "rye"}, "a"),
    ({"start_date": "2026-01-02", "end_date": "2026-01-02"}, "b"),
    ({"start_date": "2026-01-01", "end_date": "2026-01-03"}, "abc"),
    ({"start_date": "2026-01-02T12:00:00Z"}, "bc"),
    ({"end_date": "2026-01-02T11:59:59Z"}, "a"),
    ({"end_date": "9999-12-31"}, "abc"),
    ({"filters": None, "user_id": None, "start_date": "", "query": "bread", "top_k": 3}, "abc"),
]


def test_what_stands_beside_the_filters_narrows_them(tenant: Tenant) -> None:
    assert [(data, found(tenant, fold(data))) for data, _ in BESIDE] == BESIDE


@pytest.mark.parametrize(
    "data",
    [{"filters": []}, {"filters": "all"}, {"filters": 0}, {"user_id": []}, {"start_date": "soon"}, {"categories": []}],
    ids=str,
)
def test_a_request_with_a_value_of_the_wrong_kind_is_refused(data: Mapping[str, Any]) -> None:
    with pytest.raises(DomainError):
        fold(data)


SCOPED = [
    {"user_id": "alice"},
    {"user_id": "*"},
    {"filters": {"OR": [{"user_id": "*"}]}},
    {"filters": {"AND": [{"categories": ["food"]}, {"OR": [{"run_id": "r1"}, {"agent_id": "x"}]}]}},
]
UNSCOPED = [
    {},
    {"filters": {}},
    {"user_id": ""},
    {"user_id": None},
    {"filters": {"user_id": None, "categories": ["food"]}},
    {"filters": {"user_id": {"ne": "alice"}}},
    {"filters": {"NOT": {"user_id": "alice"}}},
    {"metadata": {"user_id": "alice"}},
]


@pytest.mark.parametrize("data", SCOPED, ids=str)
def test_a_request_that_names_an_entity_is_scoped(data: Mapping[str, Any]) -> None:
    require_scope(fold(data))


@pytest.mark.parametrize("data", UNSCOPED, ids=str)
def test_a_missing_scope_never_means_everything(data: Mapping[str, Any]) -> None:
    node = fold(data)
    assert not has_scope(node)
    with pytest.raises(DomainError, match="must include at least one positively-scoped entity ID") as raised:
        require_scope(node)
    assert raised.value.status == 400


@pytest.mark.parametrize(
    ("filters", "entity"),
    [
        ({"run_id": {"in": ["r1", "r1"]}}, "run:r1"),
        ({"run_id": "r1", "user_id": "alice"}, "user:alice"),
        ({"AND": [{"app_id": "*"}, {"agent_id": "a1"}]}, "agent:a1"),
        ({"user_id": {"in": ["alice", "bob"]}}, None),
        ({"user_id": "*"}, None),
        ({"OR": [{"user_id": "alice"}, {"text": "tea"}]}, None),
        ({"NOT": {"user_id": "alice"}}, None),
        ({}, None),
    ],
)
def test_an_entity_is_named_only_where_every_match_is_its_own(filters: Mapping[str, Any], entity: str | None) -> None:
    assert named_entity(parse(filters)) == entity


def test_the_condition_can_be_embedded_in_another_statement(tenant: Tenant) -> None:
    filters = {
        "user_id": "alice",
        "text": "100%",
        "NOT": {"categories": {"contains": "50%"}},
        "metadata": {"100%s": None},
    }
    with tenant_tx(tenant), connection.cursor() as cursor:
        scope, parameters = Memory.objects.filter(to_q(parse(filters))).values("hash").query.sql_with_params()
        cursor.execute(f"WITH scope AS ({scope}) SELECT hash FROM scope", parameters)
        assert cursor.fetchall() == [("a",)]
