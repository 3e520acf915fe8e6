"""From the tree to SQL. Columns and lookups are named by the tables here; everything else is a bound parameter."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import BooleanField, F, Func, JSONField, Q, TextField, Value
from django.db.models.fields.json import DataContains
from django.db.models.lookups import (
    Contains,
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    IContains,
    In,
    IsNull,
    LessThan,
    LessThanOrEqual,
)

from memories.retrieval.filters.tree import And, Condition, Node, Not, Operator, Or

_COLUMNS: Mapping[str, str] = {
    "user_id": "user_id",
    "agent_id": "agent_id",
    "app_id": "app_id",
    "run_id": "run_id",
    "memory_ids": "id",
    "text": "text",
    "keywords": "text",
    "keywords_search": "text",
}
_TIMES: Mapping[str, str] = {"created_at": "created_at", "updated_at": "updated_at", "timestamp": "created_at"}

_LOOKUPS: Mapping[Operator, str] = {
    Operator.EQ: "exact",
    Operator.IN: "in",
    Operator.GT: "gt",
    Operator.GTE: "gte",
    Operator.LT: "lt",
    Operator.LTE: "lte",
    Operator.CONTAINS: "contains",
    Operator.ICONTAINS: "icontains",
}
_COMPARISONS = {
    Operator.GT: GreaterThan,
    Operator.GTE: GreaterThanOrEqual,
    Operator.LT: LessThan,
    Operator.LTE: LessThanOrEqual,
}

_Path = tuple[str, ...]

_SEPARATOR = "\x1f"
"""The unit separator, between joined categories: no filter for categories may hold it."""


class _IsNotTrue(Func):
    """The complement of a condition that may also be NULL: SQL's own NOT leaves NULL as it is."""

    template = "(%(expressions)s) IS NOT TRUE"
    output_field = BooleanField()


def to_q(node: Node) -> Q:
    """Returns `node` as a condition on `memories.models.Memory`. What a memory lacks does not match; `Not` is exact.

    The grammar's finer meaning: a date alone is the whole day for equality, and its midnight in UTC for an order;
    `expiration_date` is compared by the day. Categories are compared exactly, their `contains` without regard to case.
    Metadata is compared by type: numbers with numbers, strings with strings; its `contains` is a part of a string,
    or an element of a list; null equals what is missing.
    """
    match node:
        case And(children):
            return reduce(and_, map(to_q, children), Q())
        case Or(children):
            return reduce(or_, map(to_q, children))
        case Not(child):
            return Q(_IsNotTrue(to_q(child)))
    return _condition(node)


def _condition(condition: Condition) -> Q:
    field, operator = condition.field, condition.operator
    value: Any = condition.value  # The parser gave it the type of its field and operator.
    if field == "metadata":
        return _metadata(condition.path, operator, value)
    if field == "categories":
        return _categories(operator, value)
    if field in _TIMES:
        return _time(_TIMES[field], operator, value)
    if field == "expiration_date":
        days = [_day(item) for item in value] if operator is Operator.IN else _day(value)
        return _lookup("expires_on", operator, days)
    return _lookup(_COLUMNS[field], operator, value)


def _lookup(column: str, operator: Operator, value: Any) -> Q:
    if operator is Operator.EXISTS:
        return Q(**{f"{column}__isnull": False})
    return Q(**{f"{column}__{_LOOKUPS[operator]}": value})


def _time(column: str, operator: Operator, value: Any) -> Q:
    if operator is Operator.IN:
        return reduce(or_, [_time(column, Operator.EQ, item) for item in value])
    if isinstance(value, datetime):
        return _lookup(column, operator, value)
    midnight = datetime.combine(value, time.min, UTC)
    if operator is Operator.EQ:
        return Q(**{f"{column}__range": (midnight, datetime.combine(value, time.max, UTC))})
    return _lookup(column, operator, midnight)


def _day(value: Any) -> date:
    return value.date() if isinstance(value, datetime) else value


def _categories(operator: Operator, value: Any) -> Q:
    if operator is Operator.IN:
        return Q(categories__overlap=list(value))
    joined = Func(F("categories"), Value(_SEPARATOR), function="array_to_string", output_field=TextField())
    return Q(IContains(joined, value))


def _metadata(path: _Path, operator: Operator, value: Any) -> Q:
    match operator:
        case Operator.EQ:
            return _metadata_equals(path, value)
        case Operator.IN:
            return _metadata_in(path, value)
        case Operator.EXISTS:
            return Q(IsNull(_text_at(path), not value))
        case Operator.CONTAINS:
            return _metadata_contains(path, value)
    kind = "string" if isinstance(value, str) else "number"
    return _type_is(path, kind) & Q(_COMPARISONS[operator](_json_at(path), _json(value)))


def _metadata_equals(path: _Path, value: Any) -> Q:
    if value is None:
        return Q(IsNull(_text_at(path), True))
    return Q(Exact(_json_at(path), _json(list(value) if isinstance(value, tuple) else value)))


def _metadata_in(path: _Path, values: tuple[Any, ...]) -> Q:
    # Django drops repeated values, and in Python True repeats 1: booleans are asked for apart.
    parts = [[value for value in values if isinstance(value, bool) is flags] for flags in (True, False)]
    return reduce(or_, [Q(In(_json_at(path), part)) for part in parts if part])


def _metadata_contains(path: _Path, value: Any) -> Q:
    element = Q(DataContains(_json_at(path), _json([value])))
    if not isinstance(value, str):
        return element
    return element | (_type_is(path, "string") & Q(Contains(_text_at(path), value)))


def _json_at(path: _Path) -> Func:
    """The JSON at a path in metadata; NULL where there is none."""
    keys = [Value(key, TextField()) for key in path]
    return Func(F("metadata"), *keys, function="jsonb_extract_path", output_field=JSONField())


def _text_at(path: _Path) -> Func:
    """The same as text; NULL also where it is JSON's null."""
    keys = [Value(key, TextField()) for key in path]
    return Func(F("metadata"), *keys, function="jsonb_extract_path_text", output_field=TextField())


def _type_is(path: _Path, kind: str) -> Q:
    return Q(Exact(Func(_json_at(path), function="jsonb_typeof", output_field=TextField()), kind))


def _json(value: Any) -> Value:
    return Value(value, JSONField())
