"""A schema that comes from outside is checked before it is used: it is small, closed, and quick to check by."""

import time
from typing import Any

import pytest

from loci.errors import DomainError
from memories.json_schemas import checked, errors_of, resolved

ADDRESS = {"type": "object", "properties": {"city": {"enum": ["Berlin"]}}, "required": ["city", "zip"]}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "age": {"type": ["integer", "null"]},
        "home": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/address"}]},
        "pattern": {"type": "string"},
    },
    "required": ["age"],
    "$defs": {"address": ADDRESS},
}


def object_with(**schema: Any) -> Any:
    return {"type": "object", "properties": {"a": schema}}


def test_a_good_schema_is_taken_as_it_is() -> None:
    assert checked(SCHEMA) is SCHEMA
    assert resolved(SCHEMA["properties"]["home"], SCHEMA) is ADDRESS
    assert resolved(True, SCHEMA) == {}


def test_misfits_say_where_and_what_and_quote_nothing() -> None:
    found = errors_of({"home": {"city": "secret"}}, SCHEMA)
    assert [(misfit.path, misfit.rule, misfit.says) for misfit in found] == [
        (("age",), "required", "age is missing"),
        (("home",), "anyOf", "home does not fit `anyOf`"),
    ]
    assert [misfit.says for misfit in errors_of({"zip": 1}, ADDRESS)] == ["city is missing"]
    assert errors_of({"age": 3, "home": {"city": "Berlin", "zip": 1}}, SCHEMA) == []
    assert [misfit.says for misfit in errors_of([], SCHEMA)] == ["the value does not fit `type`"]


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ("text", "object"),
        ({}, "object"),
        ({"type": "array"}, "object"),
        (object_with(type="strin"), "properties.a.type"),
        (object_with(**{"$ref": "#/$defs/nothing"}), "own parts"),
        (object_with(**{"$ref": "https://example.com/schema"}), "own parts"),
        (object_with(**{"$ref": "other.json"}), "own parts"),
        (object_with(**{"$ref": "#"}), "back to where it came from"),
        (object_with(items={"$ref": "#/properties/a"}), "back to where it came from"),
        (object_with(pattern="(a+)+$"), "`pattern`"),
        (object_with(items={"patternProperties": {"(a+)+$": {}}}), "`patternProperties`"),
        (object_with(**{"$id": "https://example.com/"}), "`$id`"),
        (object_with(description="x" * 33_000), "32 KiB"),
        (object_with(enum=list(range(2_000))), "2,000 values"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_schema_that_may_be_expensive_or_wrong_is_refused(schema: Any, why: str) -> None:
    with pytest.raises(DomainError, match="The schema cannot be used") as refused:
        checked(schema)
    assert why in str(refused.value)


def test_what_grows_by_references_is_refused_at_once() -> None:
    steps = {f"a{step}": {"allOf": [{"$ref": f"#/$defs/a{step + 1}"}] * 2} for step in range(60)}
    started = time.monotonic()
    with pytest.raises(DomainError, match="2,000 values"):
        checked({**object_with(**{"$ref": "#/$defs/a0"}), "$defs": {**steps, "a60": {}}})
    assert time.monotonic() - started < 1


def test_deep_schemas_are_refused() -> None:
    schema: Any = {}
    for _ in range(20):
        schema = {"items": schema}
    with pytest.raises(DomainError, match="16 levels"):
        checked(object_with(**schema))
