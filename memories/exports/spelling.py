"""Schemas as they were written, before a client changed the spelling of their keys.

The JavaScript client since 3.0 sends every key in snake_case, also those of a schema: `anyOf` comes as `any_of`, the
property `homeTown` as `home_town`, the definition `Pet` as `_pet`. What stands in values stays: `required` still says
`homeTown`, and a reference still leads to `Pet`. The client puts the keys of the answer back.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from memories.json_schemas import DEFINITIONS, OF_SCHEMAS, SCHEMA, SCHEMAS, unescaped

_OTHERS = (
    *("minItems", "maxItems", "uniqueItems", "minLength", "maxLength", "minProperties", "maxProperties", "multipleOf"),
    *("exclusiveMinimum", "exclusiveMaximum", "minContains", "maxContains", "dependentRequired"),
    *("patternProperties", "unevaluatedProperties", "unevaluatedItems"),
)

_CAPITAL = re.compile("[A-Z]")


def in_snake_case(name: str) -> str:
    """Returns the name as that client sends it."""
    if name == name.upper():
        return name
    return _CAPITAL.sub(lambda capital: f"_{capital[0].lower()}", name)


_KEYWORDS = {in_snake_case(keyword): keyword for keyword in (*OF_SCHEMAS, *SCHEMAS, *SCHEMA, *_OTHERS)}


def as_written(schema: Any) -> Any:
    """Returns the schema with its keywords in their own spelling, and with names that are spelt one way."""
    return _as_written(schema, schema)


def _as_written(schema: Any, whole: Any) -> Any:
    if not isinstance(schema, Mapping):
        return schema
    proper = {_KEYWORDS.get(key, key): value for key, value in schema.items()} | {
        key: value for key, value in schema.items() if key not in _KEYWORDS
    }
    for keyword, value in proper.items():
        if keyword in OF_SCHEMAS and isinstance(value, Mapping):
            proper[keyword] = {name: _as_written(inner, whole) for name, inner in value.items()}
        elif keyword in SCHEMAS and isinstance(value, list):
            proper[keyword] = [_as_written(inner, whole) for inner in value]
        elif keyword in SCHEMA:
            proper[keyword] = _as_written(value, whole)
    if isinstance(proper.get("required"), list) and isinstance(proper.get("properties"), Mapping):
        proper["required"] = [_named(name, proper["properties"]) for name in proper["required"]]
    if isinstance(proper.get("$ref"), str):
        proper["$ref"] = _reference(proper["$ref"], whole)
    return proper


def _reference(reference: str, whole: Mapping[str, Any]) -> str:
    start, keyword, name = (*reference.split("/", 2), "", "")[:3]
    definitions = whole.get(keyword) if start == "#" and keyword in DEFINITIONS else None
    if isinstance(definitions, Mapping) and _named(unescaped(name), definitions) != unescaped(name):
        return f"#/{keyword}/{in_snake_case(name)}"
    return reference


def _named(name: Any, among: Collection[str]) -> Any:
    """How the name is spelt among these, where one of them is it."""
    if isinstance(name, str) and name not in among and (snake := in_snake_case(name)) in among:
        return snake
    return name
