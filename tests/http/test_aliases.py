from typing import Any

import pytest
from django.http import QueryDict

from loci.http.aliases import ALIASES, normalise, query_list, query_object, query_objects, query_parameters


def test_camel_case_becomes_snake_case() -> None:
    assert normalise({"userId": "alice", "topK": 5, "asyncMode": False}) == {
        "user_id": "alice",
        "top_k": 5,
        "async_mode": False,
    }


def test_names_of_older_clients_are_known() -> None:
    assert normalise({"session_id": "r1", "limit": 3}) == {"run_id": "r1", "top_k": 3}
    assert normalise({"sessionId": "r1"}) == {"run_id": "r1"}


def test_an_endpoint_adds_its_own_alias() -> None:
    assert normalise({"message": "tea"}) == {"message": "tea"}
    assert normalise({"message": "tea"}, aliases={**ALIASES, "message": "text"}) == {"text": "tea"}


@pytest.mark.parametrize("data", [{"limit": 3, "top_k": 5}, {"top_k": 5, "limit": 3}, {"topK": 4, "top_k": 5}])
def test_the_proper_name_wins_over_its_alias(data: dict[str, Any]) -> None:
    assert normalise(data) == {"top_k": 5}


def test_null_and_the_empty_text_are_absent() -> None:
    assert normalise({"user_id": None, "agent_id": "", "top_k": 0, "infer": False}) == {"top_k": 0, "infer": False}
    assert normalise({"run_id": None, "session_id": "r1"}) == {"run_id": "r1"}


def test_null_is_kept_where_it_means_to_clear() -> None:
    assert normalise({"expirationDate": None}, keep={"expiration_date"}) == {"expiration_date": None}


@pytest.mark.parametrize("name", ["metadata", "structured_data_schema", "custom_categories", "messages"])
def test_values_stay_as_they_are(name: str) -> None:
    value = [{"userId": None, "session_id": "", "inner": {"topK": 1}}]
    assert normalise({name: value}) == {name: value}


def test_the_keys_of_filters_are_converted_through_the_logical_operators_only() -> None:
    filters = {"AND": [{"userId": "alice"}, {"NOT": {"sessionId": "r1"}}, {"metadata": {"userId": "x"}}]}
    assert normalise({"filters": filters})["filters"] == {
        "AND": [{"user_id": "alice"}, {"NOT": {"run_id": "r1"}}, {"metadata": {"userId": "x"}}]
    }


@pytest.mark.parametrize("filters", ["text", 5, [1, "x"], {"AND": "x"}, {"OR": [None]}])
def test_filters_of_any_shape_are_left_for_their_own_check(filters: Any) -> None:
    assert normalise({"filters": filters}) == {"filters": filters}


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ('{"user_id": "alice"}', {"user_id": "alice"}),
        ("{'user_id': 'alice', 'n': None, 'ok': True}", {"user_id": "alice", "n": None, "ok": True}),
        ("{'in': ('a', 'b')}", {"in": ["a", "b"]}),
        ("{}", {}),
    ],
)
def test_an_object_in_the_query_is_json_or_python(raw: str, value: dict[str, Any]) -> None:
    assert query_object(raw) == value


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "[object Object]",
        "[1, 2]",
        "alice",
        "__import__('os').getcwd()",
        "{'a': {1, 2}}",
        "{'a': b'x'}",
        "{1: 'a'}",
        "{'a': 1j}",
        "{'a': 1e999}" * 2,
        r"{'a': '\x00'}",
        r"{'a': '\ud800'}",
        r'{"a": "\u0000"}',
        "{'a': " + "9" * 5_000 + "}",
        "(" * 4_000,
        "{'a': " + "-" * 7_000 + "1}",
        "{'a': " + "[" * 100 + "]" * 100 + "}",
        "{" + "'a': 1," * 2_000 + "}",
    ],
)
def test_anything_else_in_the_query_is_no_object(raw: str) -> None:
    assert query_object(raw) is None


def test_a_list_in_the_query_is_repeated_or_joined_by_commas() -> None:
    assert query_list(["a,b", " c ", "", "d,,"]) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('metadata={"a": 1}&user_id=alex', {"metadata": {"a": 1}}),
        ("metadata={'a': True}&filters={'user_id': 'alex'}", {"metadata": {"a": True}, "filters": {"user_id": "alex"}}),
        ("metadata[a]=1", {"metadata": {"a": 1}}),
        (
            "metadata[a]=1.5&metadata[b]=true&metadata[c]=x&metadata[d]=",
            {"metadata": {"a": 1.5, "b": True, "c": "x", "d": ""}},
        ),
        ('metadata[a]="1"&metadata[b]=[1]', {"metadata": {"a": "1", "b": "[1]"}}),
        ("metadata[trip][city]=Rome&metadata[trip][days]=3", {"metadata": {"trip": {"city": "Rome", "days": 3}}}),
        ("metadata[userId]=x", {"metadata": {"userId": "x"}}),
        ('metadata={"a": 1}&metadata[b]=2', {"metadata": {"a": 1, "b": 2}}),
        ("metadata=&other[a]=1", {}),
    ],
)
def test_objects_in_the_query_have_three_spellings(query: str, found: dict[str, Any]) -> None:
    assert query_objects(QueryDict(query), ["metadata", "filters"]) == found


@pytest.mark.parametrize(
    "query",
    [
        "metadata=[object Object]",
        "metadata=[object Object]&metadata[a]=1",
        "metadata[a]=1&metadata[a][b]=1",
        "metadata[a][b]=1&metadata[a]=1",
        'metadata={"a": 1}&metadata[a]=2',
    ],
)
def test_an_object_that_cannot_be_read_is_told_from_none(query: str) -> None:
    assert query_objects(QueryDict(query), ["metadata"]) == {"metadata": None}


def test_a_query_reads_as_a_body_would() -> None:
    query = QueryDict("user_id=a&user_id=b&categories=x,y&categories=z&metadata=[object Object]&filters[run_id]=r")
    assert query_parameters(query, objects=["metadata", "filters"], lists=["categories", "fields"]) == {
        "user_id": "b",
        "categories": ["x", "y", "z"],
        "filters": {"run_id": "r"},
    }
