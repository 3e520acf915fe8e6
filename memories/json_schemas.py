"""JSON schemas from applications: which are taken, and whether a value fits one (contract.md §9.1, §12).

They are JSON Schema 2020-12, as `model_json_schema()` of Pydantic writes it; what older drafts and Pydantic 1 call
`definitions` is known too. Whatever would fetch something, or take more than linear time, is refused or left out: a
reference leads to the schema's own definitions, and `pattern` tells a model what is wanted, but nothing is matched.
"""

from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend

Json = dict[str, Any]
Schema: TypeAlias = Mapping[str, Any]

MAX_BYTES = 64 * 1024
MAX_SUBSCHEMAS = 500
MAX_DEPTH = 16
"""Schemas within schemas, each by its keywords."""
MAX_REFERENCES = 10_000
"""That are followed while one value is checked: definitions that name each other twice would double with each."""
SHOWN_MISFITS = 5

REFUSED = frozenset(
    {
        *("$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$vocabulary"),
        *("patternProperties", "unevaluatedProperties", "unevaluatedItems"),
    }
)

DEFINITIONS = ("$defs", "definitions")
OF_SCHEMAS = ("properties", "dependentSchemas", *DEFINITIONS)
"""Keywords whose value holds schemas by name."""
SCHEMAS = ("allOf", "anyOf", "oneOf", "prefixItems")
"""Those whose value is a list of schemas."""
SCHEMA = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")
"""Those whose value is a schema."""


class InvalidSchema(ValueError):
    """A schema that cannot be used; the text says why, and can be shown to whoever sent it."""


class _TooManyReferences(Exception):
    pass


@dataclass(frozen=True)
class Misfit:
    """Where a value does not fit: the path to it, the rule that it breaks, and both in words that quote no value."""

    path: tuple[str | int, ...]
    rule: str
    says: str


def checked(schema: Any) -> Json:
    """Returns the schema of an object as it is. Raises `InvalidSchema`."""
    if not isinstance(schema, dict) or not schema:
        raise InvalidSchema("It must be a JSON object that is not empty.")
    if len(orjson.dumps(schema)) > MAX_BYTES:
        raise InvalidSchema("It is larger than 64 KiB.")
    _check_keywords(schema)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise InvalidSchema(f"At {error.json_path}: {error.message[:200]}") from None
    except RecursionError:
        raise InvalidSchema("It is nested too deeply.") from None
    misfits(schema, {})
    if not is_object(resolved(schema, schema)):
        raise InvalidSchema("It must be the schema of an object.")
    return schema


def misfits(schema: Schema, value: Any) -> list[Misfit]:
    """Returns where the value does not fit a checked schema, in the order of the paths. Raises `InvalidSchema`."""
    token = _run.set(_Run(schema))
    try:
        found = sorted(
            _Bounded(schema).iter_errors(value), key=lambda error: [str(step) for step in error.absolute_path]
        )
    except (_TooManyReferences, RecursionError):
        raise InvalidSchema("Its definitions refer to each other without end.") from None
    finally:
        _run.reset(token)
    return [misfit for error in found for misfit in _misfits(error)]


def told(found: list[Misfit]) -> str:
    """Returns the first misfits in words."""
    return "; ".join(misfit.says for misfit in found[:SHOWN_MISFITS])


def resolved(schema: Any, whole: Schema) -> Schema:
    """Returns what a schema stands for: a reference with what stands beside it, one alternative of one."""
    for _ in range(MAX_DEPTH):
        if not isinstance(schema, Mapping):
            return {}
        beside = {key: value for key, value in schema.items() if key not in {"$ref", "allOf"}}
        alone = schema.get("allOf", [])
        if "$ref" in schema:
            schema = {**(_definition(schema["$ref"], whole) or {}), **beside}
        elif len(alone) == 1 and isinstance(alone[0], Mapping):
            schema = {**alone[0], **beside}
        else:
            return schema
    return {}


def is_object(schema: Schema) -> bool:
    """Tells whether a resolved schema is that of an object."""
    return schema.get("type") == "object" or ("type" not in schema and "properties" in schema)


def schemas_within(schema: Schema) -> Iterator[Any]:
    """Yields what a schema holds where a keyword says that it is a schema."""
    for keyword in OF_SCHEMAS:
        if isinstance(by_name := schema.get(keyword), Mapping):
            yield from by_name.values()
    for keyword in SCHEMAS:
        if isinstance(listed := schema.get(keyword), list):
            yield from listed
    yield from (schema[keyword] for keyword in SCHEMA if keyword in schema)


def unescaped(name: str) -> str:
    """Returns a name as it is, of how a reference writes it."""
    return name.replace("~1", "/").replace("~0", "~")


def _check_keywords(schema: Schema) -> None:
    for number, inner in enumerate(_subschemas(schema, MAX_DEPTH)):
        if number >= MAX_SUBSCHEMAS:
            raise InvalidSchema(f"It holds more than {MAX_SUBSCHEMAS:,} schemas.")
        if refused := sorted(REFUSED & inner.keys()):
            raise InvalidSchema(f"{refused[0]} is not supported.")
        if "$ref" in inner and _definition(inner["$ref"], schema) is None:
            raise InvalidSchema("$ref must be # or lead to a definition of the schema itself, as #/$defs/Name.")


def _subschemas(schema: Any, depth: int) -> Iterator[Schema]:
    """The schema, and all schemas within it where a keyword says that they are some."""
    if not isinstance(schema, Mapping):
        return
    if depth == 0:
        raise InvalidSchema(f"It is nested deeper than {MAX_DEPTH} schemas.")
    yield schema
    for inner in schemas_within(schema):
        yield from _subschemas(inner, depth - 1)


def _definition(reference: Any, whole: Schema) -> Schema | None:
    """What a reference leads to. Nothing else of a schema can be led to: a default may look like a schema."""
    if reference == "#":
        return whole
    _, _, path = str(reference).partition("#/")
    keyword, _, name = path.partition("/")
    definitions = whole.get(keyword) if keyword in DEFINITIONS and "/" not in name else None
    if not isinstance(definitions, Mapping):
        return None
    found = definitions.get(unescaped(name))
    return found if isinstance(found, Mapping) and str(reference).startswith("#/") else None


@dataclass
class _Run:
    """A value is held against a schema."""

    whole: Schema
    followed: int = 0


_run: ContextVar[_Run] = ContextVar("run")


def _followed(validator: Any, reference: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    run = _run.get()
    run.followed += 1
    if run.followed > MAX_REFERENCES:
        raise _TooManyReferences
    yield from validator.descend(instance, _definition(reference, run.whole) or {})


def _unmatched(*_: Any) -> Iterator[ValidationError]:
    """Python's expressions can take exponential time, and applications bring their own."""
    return iter(())


_Bounded = extend(Draft202012Validator, {"$ref": _followed, "pattern": _unmatched})


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
