import io
import json
import logging
from typing import Any

import pytest
from django.test import Client

from loci.errors import DependencyError
from loci.observability import context
from tests.http.urls import SECRET

logger = logging.getLogger("tests.observability")
readable = pytest.mark.parametrize("written", [False], indirect=True)


def only_line(written: io.StringIO) -> dict[str, Any]:
    (line,) = written.getvalue().splitlines()
    parsed: dict[str, Any] = json.loads(line)
    return parsed


def test_a_request_is_one_line_with_its_route_and_without_its_path(client: Client, written: io.StringIO) -> None:
    client.get(f"/v2/entities/user/{SECRET}/?query={SECRET}", headers={"X-Request-Id": "r-1"})
    line = only_line(written)
    assert line.pop("ms") < 1000
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "loci.access",
        "process": "command",
        "message": "request",
        "request_id": "r-1",
        "method": "GET",
        "route": "/v2/entities/{entity_type}/{name}/",
        "status": 200,
    }


@pytest.mark.parametrize("kind", ["bug", "data", "nul", "index"])
def test_no_word_of_a_request_gets_into_the_log(client: Client, written: io.StringIO, kind: str) -> None:
    body = json.dumps({"messages": SECRET, "query": SECRET})
    client.post(f"/v1/echo/?query={SECRET}", body, content_type="application/json")
    client.post(f"/v1/nowhere/{SECRET}/", body, content_type="application/json")
    client.patch(f"/v1/echo/{SECRET}", body, content_type="application/json")
    client.get(f"/v1/fail/{kind}/?query={SECRET}", headers={"Authorization": f"Token {SECRET}"})
    assert written.getvalue().count("\n") == 5
    assert SECRET not in written.getvalue()


def test_a_bug_is_logged_once_with_its_place_and_type(client: Client, written: io.StringIO) -> None:
    client.get("/v1/fail/bug/", headers={"X-Request-Id": "r-2"})
    bug, access = map(json.loads, written.getvalue().splitlines())
    assert (bug["level"], bug["request_id"], bug["route"]) == ("ERROR", "r-2", "/v1/fail/{kind}/")
    assert bug["exception"][0] == "builtins.RuntimeError"
    assert any("in get" in line for line in bug["exception"])
    assert access["status"] == 500


def test_what_is_unreachable_is_said(written: io.StringIO) -> None:
    try:
        raise DependencyError("The model does not answer.") from ValueError(SECRET)
    except DependencyError:
        logger.exception("a call failed")
    titles = [line for line in only_line(written)["exception"] if "Error" in line and "raise" not in line]
    assert titles == ["loci.errors.DependencyError: The model does not answer.", "caused by builtins.ValueError"]


def test_only_listed_fields_are_written(written: io.StringIO) -> None:
    logger.info("job done", extra={"job": 7, "text": SECRET, "body": {"a": SECRET}})
    line = only_line(written)
    assert line["job"] == 7
    assert SECRET not in written.getvalue()


def test_fields_of_the_work_at_hand_are_on_every_line_inside_of_it(written: io.StringIO) -> None:
    with context.bound(job="7"), context.bound(kind="extract"):
        logger.info("inside")
    assert only_line(written) | {"job": "7", "kind": "extract"} == only_line(written)
    logger.info("outside")
    assert "job" not in json.loads(written.getvalue().splitlines()[-1])


def test_a_line_break_in_a_message_forges_no_line(written: io.StringIO) -> None:
    logger.info("name\r\n{}", extra={"project": "a\nb"})
    assert only_line(written)["message"] == "name\r\n{}"


@readable
def test_a_line_break_forges_no_readable_line(written: io.StringIO) -> None:
    logger.info("name\r\n12:00:00 INFO forged", extra={"project": "a\nb"})
    assert written.getvalue().count("\n") == 1


@readable
def test_a_readable_line_has_the_fields_behind_the_message(client: Client, written: io.StringIO) -> None:
    client.get("/v1/echo/", headers={"X-Request-Id": "r-3"})
    assert "INFO loci.access: request request_id=r-3 method=GET route=/v1/echo/ status=200" in written.getvalue()


@pytest.mark.parametrize("name", ["openai._base_client", "httpx2", "django.db.backends", "celery.app.trace"])
def test_libraries_that_log_bodies_or_statements_are_quiet(name: str) -> None:
    assert not logging.getLogger(name).isEnabledFor(logging.DEBUG)
