"""Every line of the filter grammar (contract.md §4), through every list and search there is."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from loci.tenancy.context import tenant_tx
from memories.models import Memory
from memories.retrieval import analyzer
from tests.conftest import Person
from tests.memories.support import Json, call, ok

A_ID, B_ID = UUID("01930000-0000-7000-8000-00000000000a"), UUID("01930000-0000-7000-8000-00000000000b")
QUERY = {"query": "What is known?", "threshold": 0}


@pytest.fixture
def abc(alice: Person) -> Person:
    """Somebody with the memories a, b and c, told apart by `hash`, and one of another app that is never meant."""
    a = {
        "id": A_ID,
        "user_id": "alex",
        "run_id": "r1",
        "text": "Loves 100% rye bread",
        "categories": ["food", "daily_life"],
        "metadata": {"trip": {"city": "Rome"}, "n": 5, "tags": ["x", "y"], "team": "blue"},
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "expires_on": date(2126, 6, 1),
    }
    b = {
        "id": B_ID,
        "user_id": "bob",
        "agent_id": "helper",
        "text": "Has 100 books",
        "categories": ["hobbies"],
        "metadata": {"n": 10},
        "created_at": datetime(2026, 1, 2, 12, tzinfo=UTC),
    }
    c = {"text": "rain_coat", "created_at": datetime(2026, 1, 3, tzinfo=UTC)}
    rows: dict[str, Json] = {name: {"app_id": "chat", **row} for name, row in {"a": a, "b": b, "c": c}.items()}
    rows["other"] = {"app_id": "other", "user_id": "alex", "text": "Loves 100% rye bread"}
    with tenant_tx(alice.tenant):
        Memory.objects.bulk_create(
            [Memory(hash=name, terms=analyzer.tsvector(row["text"]), **row) for name, row in rows.items()]
        )
    return alice


Ask = Callable[[Person, Json], Any]


def by_post(path: str, **body: Any) -> Ask:
    return lambda person, filters: call(person, "POST", path, {"filters": filters, **body})


def by_query(person: Person, filters: Json) -> Any:
    return call(person, "GET", f"/v1/memories/?filters={quote(json.dumps(filters))}")


def by_query_in_python(person: Person, filters: Json) -> Any:
    return call(person, "GET", f"/v1/memories/?filters={quote(repr(filters))}")


def by_body_of_get(person: Person, filters: Json) -> Any:
    return call(person, "GET", "/v1/memories/?version=v2", {"filters": filters})


EVERYWHERE: dict[str, Ask] = {
    "v1 list": by_query,
    "v1 list, Python": by_query_in_python,
    "v1 list, body": by_body_of_get,
    "v2 list": by_post("/v2/memories/"),
    "v3 list": by_post("/v3/memories/"),
    "v1 search": by_post("/v1/memories/search/", **QUERY),
    "v1 search as v2": by_post("/v1/memories/search/?version=v2", **QUERY),
    "v2 search": by_post("/v2/memories/search/", **QUERY),
    "v3 search": by_post("/v3/memories/search/", **QUERY),
}
everywhere = pytest.mark.parametrize("ask", EVERYWHERE.values(), ids=EVERYWHERE.keys())


def found(person: Person, ask: Ask, filters: Json) -> str:
    """Returns the names of the memories of the app that the filters find, as one word."""
    answer = ok(ask(person, {"AND": [{"app_id": "chat"}, filters]}))
    rows = answer if isinstance(answer, list) else answer["results"]
    return "".join(sorted(row["hash"] for row in rows))


GRAMMAR: list[tuple[Json, str]] = [
    ({}, "abc"),
    # Entities: bare, eq, ne (also where there is none), in, a list, any.
    ({"user_id": "alex"}, "a"),
    ({"user_id": {"eq": "alex"}}, "a"),
    ({"user_id": {"ne": "alex"}}, "bc"),
    ({"user_id": {"in": ["alex", "bob"]}}, "ab"),
    ({"user_id": ["alex", "bob"]}, "ab"),
    ({"user_id": "*"}, "ab"),
    ({"run_id": "r1"}, "a"),
    ({"agent_id": "helper"}, "b"),
    # Times: a date alone is midnight in UTC, and its whole day when bare.
    ({"created_at": "2026-01-02"}, "b"),
    ({"created_at": {"gt": "2026-01-01"}}, "bc"),
    ({"created_at": {"gte": "2026-01-01", "lt": "2026-01-03"}}, "ab"),
    ({"created_at": {"lte": "2026-01-02T12:00:00Z"}}, "ab"),
    ({"created_at": {"ne": "2026-01-02"}}, "ac"),
    ({"created_at": {"in": ["2026-01-01", "2026-01-03"]}}, "ac"),
    ({"timestamp": {"gt": "2026-01-02"}}, "bc"),
    ({"updated_at": {"gt": "2026-01-04"}}, "abc"),
    ({"expiration_date": "2126-06-01"}, "a"),
    ({"expiration_date": {"gt": "2126-06-01"}}, ""),
    # Categories: any of, or a part of one without regard to case.
    ({"categories": {"in": ["food", "hobbies"]}}, "ab"),
    ({"categories": {"contains": "DAILY"}}, "a"),
    ({"categories": ["hobbies"]}, "b"),
    ({"categories": "food"}, "a"),
    # Metadata: hosted operators, those of Loci, nested and dotted.
    ({"metadata": {"n": 5}}, "a"),
    ({"metadata": {"n": {"eq": 5}}}, "a"),
    ({"metadata": {"n": {"ne": 5}}}, "bc"),
    ({"metadata": {"team": {"contains": "lu"}}}, "a"),
    ({"metadata": {"tags": {"contains": "x"}}}, "a"),
    ({"metadata": {"n": {"in": [5, 10]}}}, "ab"),
    ({"metadata": {"n": {"gt": 5}}}, "b"),
    ({"metadata": {"n": {"gte": 5, "lt": 10}}}, "a"),
    ({"metadata": {"n": {"lte": 10}}}, "ab"),
    ({"metadata": {"team": {"exists": True}}}, "a"),
    ({"metadata": {"team": {"exists": False}}}, "bc"),
    ({"metadata": {"trip": {"city": "Rome"}}}, "a"),
    ({"metadata.trip.city": "Rome"}, "a"),
    ({"metadata.n": {"gt": 5}}, "b"),
    # Keywords and text: a part of the memory's text.
    ({"keywords": {"contains": "rye"}}, "a"),
    ({"keywords": {"contains": "RYE"}}, ""),
    ({"keywords": {"icontains": "RYE"}}, "a"),
    ({"keywords_search": "books"}, "b"),
    ({"text": "100"}, "ab"),
    ({"text": "100%"}, "a"),
    ({"text": "n_c"}, "c"),
    # Ids of memories.
    ({"memory_ids": [str(A_ID), str(B_ID)]}, "ab"),
    ({"memory_ids": {"in": [str(B_ID)]}}, "b"),
    # Logic: siblings are ANDed, an OR beside an AND too; NOT takes an object, or a list of which none may match.
    ({"user_id": "alex", "run_id": "r1"}, "a"),
    ({"user_id": "alex", "run_id": "r2"}, ""),
    ({"AND": [{"user_id": "*"}], "OR": [{"run_id": "r1"}, {"text": "rain"}]}, "a"),
    ({"OR": [{"user_id": "alex"}, {"text": "rain"}]}, "ac"),
    ({"OR": [{"user_id": "alex"}, {"text": "rain"}], "NOT": {"run_id": "r1"}}, "c"),
    ({"NOT": {"user_id": "alex"}}, "bc"),
    ({"NOT": [{"user_id": "alex"}, {"agent_id": "helper"}]}, "c"),
    ({"NOT": {"user_id": {"in": ["alex", "bob"]}}}, "c"),
    # The JavaScript documentation's spelling.
    ({"userId": "alex"}, "a"),
    ({"agentId": "helper"}, "b"),
    ({"appId": "chat", "runId": "r1"}, "a"),
    ({"OR": [{"createdAt": {"gt": "2026-01-02T12:00:00Z"}}, {"memoryIds": [str(A_ID)]}]}, "ac"),
    ({"updatedAt": {"lt": "2026-01-01"}}, ""),
    ({"expirationDate": {"gte": "2126-01-01"}}, "a"),
    # Null and "" are absent.
    ({"user_id": "alex", "agent_id": None, "run_id": ""}, "a"),
]


@everywhere
def test_a_filter_finds_what_it_says(abc: Person, ask: Ask) -> None:
    assert [(filters, found(abc, ask, filters)) for filters, _ in GRAMMAR] == GRAMMAR


REFUSED: list[Json] = [
    {"user": "alex"},
    {"created_at": {"eq": "2026-01-01"}},
    {"created_at": "yesterday"},
    {"categories": {"eq": "food"}},
    {"categories": {"ne": "food"}},
    {"user_id": {"nin": ["alex"]}},
    {"metadata": {"n": {"nin": [5]}}},
    {"created_at": {">=": "2026-01-01"}},
    {"metadata": {"n": {">": 5}}},
    {"keywords": {"eq": "rye"}},
    {"memory_ids": ["7"]},
    {"AND": []},
    {"OR": [{}]},
    {"user_id": "x" * 257},
    {"user_id": {"in": ["x"] * 10_000}},
    {"AND": [{"AND": [{"AND": [{"AND": [{"AND": [{"user_id": "alex"}]}]}]}]}]},
    {"OR": [{"user_id": "alex"}] * 50},
]


@everywhere
def test_what_is_not_of_the_grammar_is_refused(abc: Person, ask: Ask) -> None:
    by_address = ask in {by_query, by_query_in_python}
    for filters in REFUSED:
        if by_address and len(repr(filters)) > 4_000:
            continue  # An address is shorter than that.
        response = ask(abc, {"AND": [{"app_id": "chat"}, filters]})
        assert response.status_code == 400, filters
        assert response.json()["filters"][0], filters


BESIDE: list[tuple[Json, str]] = [
    ({"user_id": "alex"}, "a"),
    ({"userId": "alex", "sessionId": "r1"}, "a"),
    ({"user_id": "alex", "run_id": "r2"}, ""),
    ({"agent_id": "helper"}, "b"),
    ({"metadata": {"n": {"gt": 5}}}, "b"),
    ({"categories": ["food"]}, "a"),
    ({"keywords": "RYE"}, "a"),
    ({"start_date": "2026-01-02", "end_date": "2026-01-02"}, "b"),
    ({"startDate": "2026-01-02T12:00:00Z"}, "bc"),
    ({"user_id": None, "agent_id": "", "metadata": None}, "abc"),
]
POSTS = ("/v2/memories/", "/v3/memories/", "/v1/memories/search/", "/v2/memories/search/", "/v3/memories/search/")


@pytest.mark.parametrize("path", POSTS)
def test_what_stands_beside_the_filters_narrows_them(abc: Person, path: str) -> None:
    finders = [(beside, by_post(path, **QUERY, **beside)) for beside, _ in BESIDE]
    assert [(beside, found(abc, ask, {})) for beside, ask in finders] == BESIDE
