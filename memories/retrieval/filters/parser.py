"""From the JSON of `filters` to the tree (contract.md §4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from loci.http.parser import UnsafeTreeError, check_tree
from memories.retrieval.filters import values
from memories.retrieval.filters.tree import EVERYTHING, And, Condition, Node, Not, Operator, Or, Value, all_of, any_of

MAX_DEPTH = 5
"""How deep AND, OR and NOT may be nested, and how long a path into metadata may be."""
MAX_NODES = 50
"""How many conditions, ORs and NOTs one filter may have."""

METADATA = "metadata"
ENTITY_FIELDS = ("user_id", "agent_id", "app_id", "run_id")
UNKNOWN_KEY = (
    "Top-level key must be a logical operator or an allowed field: ['AND', 'OR', 'NOT', 'user_id', 'agent_id',"
    " 'app_id', 'run_id', 'created_at', 'updated_at', 'timestamp', 'expiration_date', 'text', 'categories',"
    " 'metadata', 'keywords_search', 'memory_ids', 'keywords']"
)
"""The hosted service's own words (contract.md §2)."""

_LOGICAL = ("AND", "OR", "NOT")
_NE = "ne"
_WILDCARD = "*"


@dataclass(frozen=True)
class _Kind:
    """How the fields of one kind are filtered: their operators, what a bare value means, how a value is read."""

    operators: tuple[str, ...]
    bare: Operator
    read: values.Reader


_ENTITY = _Kind(("eq", _NE, "in"), Operator.EQ, values.read_entity_id)
_DATE = _Kind(("gt", "gte", "lt", "lte", _NE, "in"), Operator.EQ, values.read_date)
_TEXT = _Kind(("contains", "icontains"), Operator.ICONTAINS, values.read_text)

_KINDS: Mapping[str, _Kind] = {
    **dict.fromkeys(ENTITY_FIELDS, _ENTITY),
    **dict.fromkeys(("created_at", "updated_at", "timestamp", "expiration_date"), _DATE),
    **dict.fromkeys(("text", "keywords", "keywords_search"), _TEXT),
    "categories": _Kind(("in", "contains"), Operator.IN, values.read_category),
    "memory_ids": _Kind(("in",), Operator.IN, values.read_memory_id),
}

_METADATA_OPERATORS: Mapping[str, values.Reader] = {
    "eq": values.read_json,
    _NE: values.read_json,
    "in": lambda field, value: values.read_list(field, value, values.read_scalar),
    **dict.fromkeys(("gt", "gte", "lt", "lte"), values.read_comparable),
    "contains": values.read_scalar,
    "exists": values.read_flag,
}
_FOREIGN_OPERATORS = frozenset({"nin", "not_in", "icontains"})
"""Operators of similar grammars: refused rather than taken for a key within metadata. So are symbols."""
_SYMBOLS = ("<", ">", "=", "!", "$")


def parse(filters: Mapping[str, Any]) -> Node:
    """Returns the tree of `filters`, decoded JSON; camelCase keys are already normalised (`loci.http.aliases`).

    Siblings are ANDed. A field whose value is null or "" is absent, an empty object matches everything; under OR and
    NOT, where that would decide alone, it is refused. Raises `DomainError` (400) for what contract.md §4 does not
    allow, and beyond the limits of reliability.md §2.8.
    """
    try:
        check_tree(filters)
    except UnsafeTreeError as error:
        raise values.invalid(f"filters: {error}") from error
    node = _object(filters, depth=0)
    if _size(node) > MAX_NODES:
        raise values.invalid(f"filters: more than {MAX_NODES} conditions.")
    return node


def _object(conditions: Any, depth: int) -> Node:
    if not isinstance(conditions, Mapping):
        raise values.invalid("filters: conditions must be an object of fields and logical operators.")
    return all_of([_member(key, value, depth) for key, value in conditions.items()])


def _member(key: str, value: Any, depth: int) -> Node:
    if key in _LOGICAL:
        return _logical(key, value, depth + 1)
    if key == METADATA:
        return _metadata_object(value)
    if key.startswith(f"{METADATA}."):
        return _metadata(tuple(key.split(".")[1:]), value)
    if key in _KINDS:
        return _field(key, value)
    raise values.invalid(UNKNOWN_KEY)


def _logical(name: str, value: Any, depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise values.invalid(f"filters: AND, OR and NOT are nested deeper than {MAX_DEPTH}.")
    items = [value] if name == "NOT" and isinstance(value, Mapping) else value
    if not isinstance(items, list) or not items:
        raise values.invalid(f"{name} must be a non-empty list of objects.")
    nodes = [_object(item, depth) for item in items]
    if name == "AND":
        return all_of(nodes)
    if EVERYTHING in nodes:
        raise values.invalid(f"{name} must not have an empty object.")
    return any_of(nodes) if name == "OR" else Not(any_of(nodes))


def _field(name: str, value: Any) -> Node:
    if value is None or value == "":
        return EVERYTHING
    kind = _KINDS[name]
    if isinstance(value, Mapping):
        _check_operators(name, value, kind.operators)
        return all_of([_operation(name, operator, operand) for operator, operand in value.items()])
    if isinstance(value, list):
        _check_operators(name, ["in"], kind.operators)
        return _operation(name, "in", value)
    return _operation(name, kind.bare, [value] if kind.bare is Operator.IN else value)


def _operation(name: str, operator: str, operand: Any) -> Node:
    read = _KINDS[name].read
    if operator == Operator.IN:
        return _condition(name, Operator.IN, values.read_list(name, operand, read))
    value = read(name, operand)
    if operator == _NE:
        return Not(_condition(name, Operator.EQ, value))
    return _condition(name, Operator(operator), value)


def _condition(name: str, operator: Operator, value: Value) -> Condition:
    found = value if isinstance(value, tuple) else (value,)
    if name in ENTITY_FIELDS and _WILDCARD in found:
        return Condition(name, Operator.EXISTS, value=True)
    return Condition(name, operator, value)


def _metadata_object(value: Any) -> Node:
    """The keys of the object are metadata's own: a dot in them is just a character."""
    if value is None or value == "":
        return EVERYTHING
    if not isinstance(value, Mapping):
        raise values.invalid("metadata: an object of keys and values is required.")
    return all_of([_metadata((key,), inner) for key, inner in value.items()])


def _metadata(path: tuple[str, ...], value: Any) -> Node:
    """A nested object asks for what it mentions only, as the outermost one does."""
    _check_path(path)
    if not isinstance(value, Mapping):
        return Condition(METADATA, Operator.EQ, values.read_json(METADATA, value), path)
    if any(_looks_like_operator(key) for key in value) or not value:
        _check_operators(METADATA, value, _METADATA_OPERATORS)
        return all_of([_metadata_operation(path, operator, operand) for operator, operand in value.items()])
    return all_of([_metadata((*path, key), inner) for key, inner in value.items()])


def _metadata_operation(path: tuple[str, ...], operator: str, operand: Any) -> Node:
    value = _METADATA_OPERATORS[operator](METADATA, operand)
    if operator == _NE:
        return Not(Condition(METADATA, Operator.EQ, value, path))
    return Condition(METADATA, Operator(operator), value, path)


def _check_path(path: tuple[str, ...]) -> None:
    if len(path) > MAX_DEPTH:
        raise values.invalid(f"metadata: a path has at most {MAX_DEPTH} keys.")
    for key in path:
        values.read_key(METADATA, key)


def _looks_like_operator(key: str) -> bool:
    return key in _METADATA_OPERATORS or key in _FOREIGN_OPERATORS or key.startswith(_SYMBOLS)


def _check_operators(field: str, given: Iterable[str], allowed: Iterable[str]) -> None:
    names = list(given)
    if not names or not set(names) <= set(allowed):
        raise values.invalid(f"{field}: the operators are {', '.join(allowed)}.")


def _size(node: Node) -> int:
    match node:
        case And(children):
            return sum(_size(child) for child in children)
        case Or(children):
            return 1 + sum(_size(child) for child in children)
        case Not(child):
            return 1 + _size(child)
    return 1
