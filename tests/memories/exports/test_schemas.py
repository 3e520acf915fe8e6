"""Schemas come from applications: what would fetch, or never end, is refused or not followed."""

import time
from typing import Any

import pytest

from memories.exports.schemas import InvalidSchema, problems_of, read_schema
from tests.memories.support import Json


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
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_schema_that_would_fetch_or_not_end_is_refused_at_once(schema: Json, reason: str) -> None:
    began = time.monotonic()
    with pytest.raises(InvalidSchema, match=reason):
        read_schema(schema)
    assert time.monotonic() - began < 20


def test_a_pattern_that_takes_exponential_time_is_not_matched() -> None:
    schema = read_schema(of({"type": "string", "pattern": "^(a+)+$"}))
    began = time.monotonic()
    assert problems_of(schema, {"a": "a" * 60 + "!"}) == []
    assert time.monotonic() - began < 20


def test_definitions_of_both_generations_are_followed() -> None:
    for keyword in ("$defs", "definitions"):
        schema = read_schema({**of({"$ref": f"#/{keyword}/A~1B"}), keyword: {"A/B": {"type": "integer"}}})
        assert problems_of(schema, {"a": 1}) == []
        assert problems_of(schema, {"a": "1"}) == ["a: '1' is not of type 'integer'"]


def test_a_schema_may_name_itself() -> None:
    schema = read_schema({**of({"$ref": "#"}), "additionalProperties": False})
    assert problems_of(schema, {"a": {"a": {}}}) == []
    assert problems_of(schema, {"a": {"b": 1}})


def test_a_schema_that_a_client_has_spelt_anew_is_read_as_it_was_written() -> None:
    schema = read_schema(
        {
            "type": "object",
            "$defs": {"_pet": {"type": "object", "properties": {"a": {"type": "string", "max_length": 1}}}},
            "properties": {"home_town": {"any_of": [{"type": "string"}]}, "any_of": {"$ref": "#/$defs/Pet"}},
            "required": ["homeTown"],
            "additional_properties": False,
        }
    )
    assert problems_of(schema, {"home_town": "Rome", "any_of": {"a": "b"}}) == []
    assert len(problems_of(schema, {"homeTown": "Rome", "any_of": {"a": "bc"}})) == 3
