"""Schemas come from applications: what would fetch, or never end, is refused or not followed."""

import time
from typing import Any

import pytest

from memories.json_schemas import InvalidSchema, checked, misfits, resolved
from tests.memories.support import Json

ADDRESS: Json = {"type": "object", "properties": {"city": {"enum": ["Berlin"]}}, "required": ["city", "zip"]}
SCHEMA: Json = {
    "type": "object",
    "properties": {
        "age": {"type": ["integer", "null"]},
        "home": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/address"}]},
        "pattern": {"type": "string"},
    },
    "required": ["age"],
    "$defs": {"address": ADDRESS},
}


def nested(depth: int) -> Json:
    schema: Json = {"type": "object"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


def doubling(levels: int) -> Json:
    """Definitions of which each names the next twice."""
    named = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}, {"$ref": f"#/$defs/d{n + 1}"}]} for n in range(levels)}
    return {"type": "object", "$defs": {**named, f"d{levels}": {}}, "allOf": [{"$ref": "#/$defs/d0"}]}


def of(schema: Any) -> Json:
    return {"type": "object", "properties": {"a": schema}}


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (of({"$ref": "http://127.0.0.1/schema"}), r"\$ref must be"),
        (of({"$ref": "file:///etc/passwd"}), r"\$ref must be"),
        (of({"$ref": "#/properties/a/default", "default": {"patternProperties": {"(a+)+$": {}}}}), r"\$ref must be"),
        (of({"$ref": "#/$defs/Missing"}), r"\$ref must be"),
        (of({"$id": "http://evil.example/"}), r"\$id is not supported"),
        (of({"patternProperties": {"(a+)+$": {}}}), "patternProperties is not supported"),
        (of({"unevaluatedProperties": False}), "unevaluatedProperties is not supported"),
        ({"type": "object", "allOf": [{"$ref": "#"}]}, "without end"),
        (doubling(60), "without end"),
        (nested(16), "nested"),
        (nested(40), "nested"),
        (of({"enum": ["x" * 70_000]}), "64 KiB"),
        ({"type": "object", "properties": {f"a{n}": {} for n in range(600)}}, "more than 500"),
        ({"type": "object", "required": "a"}, r"At \$\.required"),
        ({"type": "array"}, "of an object"),
        ("text", "JSON object"),
        ({}, "JSON object"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_schema_that_would_fetch_or_not_end_is_refused_at_once(schema: Any, reason: str) -> None:
    began = time.monotonic()
    with pytest.raises(InvalidSchema, match=reason):
        checked(schema)
    assert time.monotonic() - began < 20


def test_a_pattern_that_takes_exponential_time_is_not_matched() -> None:
    schema = checked(of({"type": "string", "pattern": "^(a+)+$"}))
    began = time.monotonic()
    assert misfits(schema, {"a": "a" * 60 + "!"}) == []
    assert time.monotonic() - began < 20


def test_definitions_of_both_generations_are_followed() -> None:
    for keyword in ("$defs", "definitions"):
        schema = checked({**of({"$ref": f"#/{keyword}/A~1B"}), keyword: {"A/B": {"type": "integer"}}})
        assert misfits(schema, {"a": 1}) == []
        assert [misfit.says for misfit in misfits(schema, {"a": "1"})] == ["a does not fit `type`"]


def test_a_schema_may_name_itself() -> None:
    schema = checked({**of({"$ref": "#"}), "additionalProperties": False})
    assert misfits(schema, {"a": {"a": {}}}) == []
    assert misfits(schema, {"a": {"b": 1}})


def test_a_good_schema_is_taken_as_it_is() -> None:
    assert checked(SCHEMA) is SCHEMA
    assert resolved({"$ref": "#/$defs/address", "title": "Home"}, SCHEMA) == {**ADDRESS, "title": "Home"}
    assert resolved({"allOf": [{"$ref": "#/$defs/address"}]}, SCHEMA) == ADDRESS
    assert resolved(True, SCHEMA) == {}


def test_misfits_say_where_and_what_and_quote_nothing() -> None:
    found = misfits(SCHEMA, {"home": {"city": "secret"}})
    assert [(misfit.path, misfit.rule, misfit.says) for misfit in found] == [
        (("age",), "required", "age is missing"),
        (("home",), "anyOf", "home does not fit `anyOf`"),
    ]
    assert [misfit.says for misfit in misfits(ADDRESS, {"zip": 1})] == ["city is missing"]
    assert misfits(SCHEMA, {"age": 3, "home": {"city": "Berlin", "zip": 1}}) == []
    assert [misfit.says for misfit in misfits(SCHEMA, [])] == ["the value does not fit `type`"]
    assert [misfit.rule for misfit in misfits(of(False), {"a": 1})] == ["false"]
