"""Schemas as they were written, before a client changed the spelling of their keys.

The JavaScript client since 3.0 sends every key in snake_case, also those of a schema: `anyOf` comes as `any_of`, the
property `homeTown` as `home_town`, the definition `Pet` as `_pet`. What stands in values stays: `required` still says
`homeTown`, and a reference still leads to `Pet`. The client puts the keys of the answer back.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

DEFINITIONS = ("$defs", "definitions")
OF_SCHEMAS = ("properties", "dependentSchemas", *DEFINITIONS)
"""Keywords whose value holds schemas by name."""
SCHEMAS = ("allOf", "anyOf", "oneOf", "prefixItems")
"""Those whose value is a list of schemas."""
SCHEMA = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")
"""Those whose value is a schema."""
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
    """Returns the schema with its keywords, and the names in `required`, in their own spelling."""
    if not isinstance(schema, Mapping):
        return schema
    proper = {_KEYWORDS.get(key, key): value for key, value in schema.items()} | {
        key: value for key, value in schema.items() if key not in _KEYWORDS
    }
    for keyword, value in proper.items():
        if keyword in OF_SCHEMAS and isinstance(value, Mapping):
            proper[keyword] = {name: as_written(inner) for name, inner in value.items()}
        elif keyword in SCHEMAS and isinstance(value, list):
            proper[keyword] = [as_written(inner) for inner in value]
        elif keyword in SCHEMA:
            proper[keyword] = as_written(value)
    if isinstance(proper.get("required"), list) and isinstance(proper.get("properties"), Mapping):
        proper["required"] = [named(name, proper["properties"]) for name in proper["required"]]
    return proper


def named(name: Any, among: Collection[str]) -> Any:
    """Returns how the name is spelt among these, where one of them is it."""
    if isinstance(name, str) and name not in among and (snake := in_snake_case(name)) in among:
        return snake
    return name


def schemas_within(schema: Mapping[str, Any]) -> Iterator[Any]:
    """Yields what a schema holds where a keyword says that it is a schema."""
    for keyword in OF_SCHEMAS:
        if isinstance(by_name := schema.get(keyword), Mapping):
            yield from by_name.values()
    for keyword in SCHEMAS:
        if isinstance(listed := schema.get(keyword), list):
            yield from listed
    yield from (schema[keyword] for keyword in SCHEMA if keyword in schema)
