"""What the fuzz test forgives, and that it forgives nothing else."""

from typing import Any

import pytest
import requests
import schemathesis
from schemathesis.core.failures import AcceptedNegativeData

from loci.env import ROOT
from tests.faults.schema_hooks import filter_failure

Json = Any


@pytest.fixture(scope="module")
def description() -> Any:
    return schemathesis.openapi.from_path(str(ROOT / "docs" / "openapi.json"))


def is_a_failure(description: Any, path: str, method: str, **parts: Json) -> bool:
    """Tells whether the acceptance of this request, which broke the description, stays a failure."""
    case = description[path][method].Case(**parts)
    response = requests.Response()
    response.request = requests.Request(method, f"http://127.0.0.1{path}", params=parts.get("query")).prepare()
    accepted = AcceptedNegativeData(
        operation=f"{method} {path}", message="", status_code=200, expected_statuses=["400"], title=""
    )
    return filter_failure(None, accepted, case, response)


def search(**parameters: Json) -> Json:
    return {"query": "tea", "filters": {"user_id": "alex"}, **parameters}


@pytest.mark.parametrize(
    "body",
    [search(top_k=None), search(top_k=""), search(top_k="5"), search(latest_only="true"), search(query=7)],
    ids=str,
)
def test_what_means_the_same_as_a_right_request_is_forgiven(description: Any, body: Json) -> None:
    assert not is_a_failure(description, "/v3/memories/search/", "POST", body=body, media_type="application/json")


@pytest.mark.parametrize(
    "body",
    [
        search(top_k=0),
        search(top_k="five"),
        search(query=None),
        search(fields=[{}]),
        search(filters={"unknown": 1}),
        [],
    ],
    ids=str,
)
def test_what_is_wrong_stays_a_failure(description: Any, body: Json) -> None:
    assert is_a_failure(description, "/v3/memories/search/", "POST", body=body, media_type="application/json")


def test_an_empty_parameter_of_the_address_is_forgiven_and_a_wrong_one_is_not(description: Any) -> None:
    assert not is_a_failure(description, "/v1/entities/", "GET", query={"page": ""})
    assert not is_a_failure(description, "/v1/entities/", "GET", query={"page": "2"})
    assert not is_a_failure(description, "/v1/entities/", "GET", query={"page": ["two", ""]})
    assert is_a_failure(description, "/v1/entities/", "GET", query={"page": "two"})
    assert is_a_failure(description, "/v1/entities/", "GET", query={"page": ["1", "two"]})
