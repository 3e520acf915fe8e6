"""What a filter says, free of how it was written."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

Value: TypeAlias = "str | int | float | date | UUID | tuple[Value, ...] | None"
"""A `date` that is no `datetime` means the whole day; a `datetime` is aware, in UTC."""


class Operator(StrEnum):
    """What a condition asks of a field. The wire's `ne` is not among them: it is `Not` of `EQ`."""

    EQ = "eq"
    IN = "in"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    CONTAINS = "contains"
    ICONTAINS = "icontains"
    EXISTS = "exists"


@dataclass(frozen=True)
class Condition:
    """One field compared with one value; a memory without the field does not match.

    `field` is the wire's name; `path` leads to the value within `metadata`, and is empty for other fields.
    """

    field: str
    operator: Operator
    value: Value
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class And:
    """Matches what all children match: without children, everything."""

    children: "tuple[Node, ...]"


@dataclass(frozen=True)
class Or:
    """Matches what at least one child matches."""

    children: "tuple[Node, ...]"


@dataclass(frozen=True)
class Not:
    """Matches what the child does not match."""

    child: "Node"


Node: TypeAlias = And | Or | Not | Condition

EVERYTHING = And(())


def all_of(nodes: Iterable[Node]) -> Node:
    """Returns the conjunction of `nodes`, without those that match everything."""
    narrowing = tuple(node for node in nodes if node != EVERYTHING)
    return narrowing[0] if len(narrowing) == 1 else And(narrowing)


def any_of(nodes: Iterable[Node]) -> Node:
    """Returns the disjunction of `nodes`, of which there is at least one."""
    children = tuple(nodes)
    return children[0] if len(children) == 1 else Or(children)


def fields_of(node: Node) -> set[str]:
    """Returns the fields that anything in `node` asks for."""
    match node:
        case And(children) | Or(children):
            return {field for child in children for field in fields_of(child)}
        case Not(child):
            return fields_of(child)
    return {node.field}
