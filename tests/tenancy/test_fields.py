"""Every field of the API's description that names something is tried with what is somebody else's (reliability.md C1).

What is tried stands in `cases.py`, by hand; here the description says what must be there.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tenancy.cases import CASES, PUBLIC, Call

DESCRIPTION = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text())
NAMES_SOMETHING = re.compile(r"(^|_)(ids?|email|actor|entity|keys?)$")
SELECTION = {("query", "org_id"), ("query", "project_id")}
"""Tried with every endpoint, by `Case.in_the_project`."""

Field = tuple[str, str]

_OF_ITS_PROVIDER = "It is how an organization's provider calls itself or us: nothing of ours has that name."
NAMES_NOBODY: dict[Field, str] = {
    ("body", "actor_id"): "A person is of no tenant: what they asked for in the caller's own project is meant.",
    ("body", "client_id"): _OF_ITS_PROVIDER,
    ("body", "entity_id"): _OF_ITS_PROVIDER,
    ("body", "prompt_profile_id"): "It is accepted and ignored.",
}
"""Fields of whatever endpoint whose values name nothing that anybody has here, with the reason."""
ELSEWHERE: dict[str, str] = {
    "POST /api/v1/auth/email_code/": "test_sign_up.py: test_the_answer_does_not_tell_who_has_an_account",
    "POST /api/v1/auth/email_code/verify/": (
        "test_sign_up.py: test_a_code_is_of_one_email, test_nobody_claims_the_account_of_a_person"
    ),
}
"""Endpoints that name something before there is a tenant, and the tests that name what is somebody else's there."""


def described() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yields the method, the path and the rest of each operation."""
    for path, operations in DESCRIPTION["paths"].items():
        for method, operation in operations.items():
            yield method.upper(), path, operation


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """Returns what a reference stands for."""
    while "$ref" in part:
        found: Any = DESCRIPTION
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def properties(schema: Any, seen: tuple[str, ...] = ()) -> Iterator[str]:
    """Yields the names of all properties, at any depth."""
    if not isinstance(schema, dict) or schema.get("$ref") in seen:
        return
    seen = (*seen, *([schema["$ref"]] if "$ref" in schema else []))
    schema = resolved(schema)
    for name, inner in schema.get("properties", {}).items():
        yield name
        yield from properties(inner, seen)
    for inner in (schema.get("items"), schema.get("additionalProperties")):
        yield from properties(inner, seen)
    for kind in ("oneOf", "anyOf", "allOf"):
        for inner in schema.get(kind, []):
            yield from properties(inner, seen)


def wanted(operation: dict[str, Any]) -> set[Field]:
    """Returns the operation's fields that name something, without those of the path, which every call fills."""
    parameters = [resolved(each) for each in operation.get("parameters", [])]
    fields = {(each["in"], each["name"]) for each in parameters if each["in"] != "path"}
    body = resolved(operation.get("requestBody", {})).get("content", {}).get("application/json", {})
    fields |= {("body", name) for name in properties(body.get("schema"))}
    return {field for field in fields if NAMES_SOMETHING.search(field[1])}


def tried(call: Call) -> Iterator[Field]:
    """Yields the fields of the call in which an id of somebody else may stand."""
    for place, value in (("query", call.query), ("body", call.body), ("header", call.headers)):
        yield from ((place, name) for name in _named(value))


def _named(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _named(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner, name)
    elif isinstance(value, str) and re.search(r"\{(?!my_)\w+\}", value):
        yield name


def _by_path() -> dict[str, str]:
    """The endpoints of `CASES` as the description calls them."""
    return {re.sub(r"<\w+:(\w+)>", r"{\1}", endpoint): endpoint for endpoint in CASES}


@pytest.mark.parametrize(
    ("method", "path", "operation"), [pytest.param(*each, id=f"{each[0]} {each[1]}") for each in described()]
)
def test_every_field_that_names_something_is_tried(method: str, path: str, operation: dict[str, Any]) -> None:
    fields = wanted(operation) - SELECTION - set(NAMES_NOBODY)
    if path in PUBLIC:
        assert not fields or f"{method} {path}" in ELSEWHERE
        return
    calls = CASES[_by_path()[f"{method} {path}"]].calls()
    assert sorted(fields - {field for call in calls for field in tried(call)}) == []


@pytest.mark.parametrize("endpoint", CASES)
def test_every_id_of_a_path_is_tried(endpoint: str) -> None:
    ids = [name for name in re.findall(r"<\w+:(\w+)>", endpoint) if name != "entity_type"]
    of_somebody = len(re.findall(r"\{(?!my_)\w+\}", CASES[endpoint].usual.path))
    assert of_somebody == len(ids)


def test_no_exception_outlives_its_field() -> None:
    fields = {field for _, _, operation in described() for field in wanted(operation)}
    assert set(NAMES_NOBODY) <= fields
    assert set(ELSEWHERE) <= {f"{method} {path}" for method, path, operation in described() if wanted(operation)}
