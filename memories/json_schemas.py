"""JSON schemas that applications bring: which of them are taken, and whether a value fits one.

A schema comes from outside, so it must not make checking expensive: it is small, also with all of its references
followed, which lead to the schema itself and in no circle; and it has no regular expressions, which Python's own
matching may take for ever over.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from jsonschema import Draft202012Validator, SchemaError
from referencing import Registry

from loci.errors import DomainError

MAX_BYTES = 32 * 1024
MAX_DEPTH = 16
MAX_WEIGHT = 2_000
"""The values of a schema, those that it refers to counted each time."""
REFUSED = frozenset(
    {
        *("pattern", "patternProperties", "unevaluatedProperties", "unevaluatedItems"),
        *("$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$vocabulary"),
    }
)

Json = dict[str, Any]

_NAMED = ("properties", "$defs", "definitions", "dependentSchemas")
"""Below these, names are the application's own and no keywords."""
_VALUES = ("const", "default", "enum", "examples")
"""Below these, there is no schema."""


@dataclass(frozen=True)
class Misfit:
    """Where a value does not fit: the path to it, the rule that it breaks, and both in words that quote no value."""

    path: tuple[str | int, ...]
    rule: str
    says: str


def checked(schema: Any) -> Json:
    """Returns the schema of an object as it is. Raises `DomainError` (400) for one that is not taken, and says why."""
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise _refused('it must be a JSON schema with "type": "object"')
    if len(orjson.dumps(schema)) > MAX_BYTES:
        raise _refused("it must be at most 32 KiB")
    try:
        Draft202012Validator.check_schema(schema)
    except (SchemaError, RecursionError) as error:
        raise _refused(_broken_rule(error)) from None
    for name in _keywords(schema):
        if name in REFUSED:
            raise _refused(f"`{name}` is not supported")
    _weigh(schema, root=schema, known={}, within=())
    return schema


def errors_of(instance: Any, schema: Json) -> list[Misfit]:
    """Returns where the value does not fit a checked schema, in the order of the paths."""
    # With a registry of its own nothing is fetched, whatever the schema says.
    validator = Draft202012Validator(schema, registry=Registry())
    found = sorted(validator.iter_errors(instance), key=lambda error: [str(step) for step in error.absolute_path])
    return [misfit for error in found for misfit in _misfits(error)]


def resolved(part: Any, root: Json) -> Json:
    """Returns what a part of a checked schema comes to: where it leads, of alternatives the first that is not null."""
    while isinstance(part, dict):
        alternatives = part.get("anyOf") or part.get("oneOf")
        if "$ref" in part:
            part = _followed(part["$ref"], root)
        elif alternatives:
            part = next((each for each in alternatives if each != {"type": "null"}), {})
        else:
            return part
    return {}


def _followed(pointer: str, root: Json) -> Any:
    """What a reference leads to; None for nothing."""
    if not pointer.startswith("#/"):
        return root if pointer == "#" else None
    found: Any = root
    for step in pointer[2:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _weigh(part: Any, *, root: Json, known: dict[str, int], within: tuple[str, ...], depth: int = 1) -> int:
    """The values of a part with those that it refers to. Raises as `checked`."""
    if depth > MAX_DEPTH:
        raise _refused(f"it must be at most {MAX_DEPTH} levels deep")
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    weight = 1 + sum(_weigh(each, root=root, known=known, within=within, depth=depth + 1) for each in inner)
    pointer = part.get("$ref") if isinstance(part, dict) else None
    if isinstance(pointer, str):
        weight += _weight_of(pointer, root, known, within)
    if weight > MAX_WEIGHT:
        raise _refused(f"it must have at most {MAX_WEIGHT:,} values, those that it refers to counted each time")
    return weight


def _weight_of(pointer: str, root: Json, known: dict[str, int], within: tuple[str, ...]) -> int:
    target = _followed(pointer, root)
    if target is None:
        raise _refused("a reference may only lead to the schema's own parts, as #/$defs/…")
    if pointer in within or pointer == "#":
        raise _refused("a reference may not lead back to where it came from")
    if pointer not in known:
        known[pointer] = _weigh(target, root=root, known=known, within=(*within, pointer))
    return known[pointer]


def _keywords(schema: Any) -> Iterator[str]:
    """The names of all keywords, at any depth."""
    parts = schema if isinstance(schema, list) else []
    if isinstance(schema, dict):
        yield from schema
        parts = [
            list(value.values()) if name in _NAMED and isinstance(value, dict) else value
            for name, value in schema.items()
            if name not in _VALUES
        ]
    for part in parts:
        yield from _keywords(part)


def _misfits(error: Any) -> Iterator[Misfit]:
    path = tuple(error.absolute_path)
    where = ".".join(map(str, path))
    rule = error.validator or "false"  # A schema that is `false` has no rule by name.
    if rule != "required":
        yield Misfit(path, rule, f"{where or 'the value'} does not fit `{rule}`")
        return
    # There is one error for each name that is missing, which only its text tells.
    for name in error.validator_value:
        if name not in error.instance and error.message.startswith(repr(name)):
            yield Misfit((*path, name), "required", f"{'.'.join(filter(None, [where, name]))} is missing")


def _broken_rule(error: SchemaError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "it is too deep"
    where = ".".join(map(str, error.absolute_path)) or "it"
    return f"{where} does not fit `{error.validator}` of JSON Schema"


def _refused(why: str) -> DomainError:
    words = f"The schema cannot be used: {why}."
    return DomainError(words, body={"error": words})
