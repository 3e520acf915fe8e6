import io
import json
from typing import Any

import pytest
from django.test import Client

from loci.http.parser import MAX_BODY_BYTES, MAX_DEPTH, MAX_NODES, UnsafeTreeError, check_tree


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


def test_it_works(client: Client) -> None:
    response = client.post("/v1/echo/", {"user_id": "alice"}, content_type="application/json")
    assert response.json()["data"] == {"user_id": "alice"}


@pytest.mark.parametrize("content_type", ["application/json; charset=UTF-8", 'application/json; charset="utf-8"'])
def test_utf_8_may_be_named(client: Client, content_type: str) -> None:
    assert client.post("/v1/echo/", '{"a": "é"}', content_type=content_type).json()["data"] == {"a": "é"}


@pytest.mark.parametrize("body", ["", "  \r\n"])
def test_an_empty_body_is_an_empty_object(client: Client, body: str) -> None:
    assert client.post("/v1/echo/", body, content_type="application/json").json()["data"] == {}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_body_reaches_the_view_on_any_method(client: Client, method: str) -> None:
    response = client.generic(method, "/v1/echo/", '{"filters": {}}', content_type="application/json")
    assert response.json()["data"] == {"filters": {}}


def test_the_last_of_duplicate_keys_counts(client: Client) -> None:
    response = client.post("/v1/echo/", '{"user_id": "bob", "user_id": "alice"}', content_type="application/json")
    assert response.json()["data"] == {"user_id": "alice"}


def test_a_body_of_exactly_the_limit_is_taken_and_one_more_byte_is_413(client: Client) -> None:
    fits = '{"a": "' + "x" * (MAX_BODY_BYTES - 9) + '"}'
    assert client.post("/v1/echo/", fits, content_type="application/json").status_code == 200
    response = client.post("/v1/echo/", fits + " ", content_type="application/json")
    assert response.status_code == 413
    assert response.json()["detail"] == "The request body is larger than 2097152 bytes."


def test_a_view_sets_its_own_limit(client: Client) -> None:
    body = json.dumps({"a": "x" * 20})
    assert client.post("/v1/small/", body, content_type="application/json").status_code == 413


def test_a_body_without_a_length_is_411(client: Client) -> None:
    response = client.post("/v1/echo/", "{}", content_type="application/json", headers={"Transfer-Encoding": "chunked"})
    assert response.status_code == 411
    assert response["Content-Type"] == "application/json"


def test_what_no_view_reads_of_a_body_is_read_so_that_the_client_sees_the_answer(client: Client) -> None:
    body = io.BytesIO(b"x" * 3_000_000)
    sent: dict[str, Any] = {"CONTENT_LENGTH": "3000000", "wsgi.input": body}
    assert client.generic("POST", "/nowhere", **sent).status_code == 404
    assert body.read() == b""


def test_a_tree_of_the_allowed_depth_passes_and_a_deeper_one_does_not() -> None:
    check_tree(nested(MAX_DEPTH))
    with pytest.raises(UnsafeTreeError, match="deeper than 32"):
        check_tree(nested(MAX_DEPTH + 1))


def test_a_tree_of_the_allowed_size_passes_and_a_larger_one_does_not() -> None:
    check_tree([0] * (MAX_NODES - 1))
    with pytest.raises(UnsafeTreeError, match="more than 20000"):
        check_tree([[0] * (MAX_NODES // 2), [0] * (MAX_NODES // 2)])


@pytest.mark.parametrize("value", ["a\x00", {"a\x00": 1}, [{"b": ["\x00"]}], 2**53 + 1, -(2.0**60)])
def test_a_tree_with_what_cannot_be_kept_exactly_does_not_pass(value: object) -> None:
    with pytest.raises(UnsafeTreeError):
        check_tree(value)
