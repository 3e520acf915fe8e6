"""From the tree to SQL. Columns and operators are named by the tables here; everything else is a bound parameter.

The SQL is written here and not put together from Django's lookups: those take longer to resolve 50 conditions than
Postgres takes to evaluate them over a thousand memories (measured by tests/bench/filters.py).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, TypeAlias

import orjson
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Expression, F, Q
from django.db.models.sql.compiler import SQLCompiler

from memories.retrieval.filters.tree import EVERYTHING, And, Condition, Node, Not, Operator, Or

_COLUMNS: Mapping[str, str] = {
    "user_id": "user_id",
    "agent_id": "agent_id",
    "app_id": "app_id",
    "run_id": "run_id",
    "memory_ids": "id",
    "text": "text",
    "keywords": "text",
    "keywords_search": "text",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "timestamp": "created_at",
    "expiration_date": "expires_on",
    "categories": "categories",
    "metadata": "metadata",
}
_COLUMNS_THEN = {field: "said_text" if column == "text" else column for field, column in _COLUMNS.items()}
"""The same at another time: what it said then, and all else as it is now."""
_COMPARISONS: Mapping[Operator, str] = {
    Operator.EQ: "=",
    Operator.GT: ">",
    Operator.GTE: ">=",
    Operator.LT: "<",
    Operator.LTE: "<=",
}
_SEPARATOR = "\x1f"
"""The unit separator, between joined categories: no filter for categories may hold it."""

_Sql: TypeAlias = tuple[str, list[Any]]
"""A piece of SQL with `%s` for each of its parameters."""


def to_q(node: Node) -> Q:
    """Returns `node` as a condition on `memories.models.Memory`. What a memory lacks does not match; `Not` is exact.

    The grammar's finer meaning: a date alone is the whole day for equality, and its midnight in UTC for an order;
    `expiration_date` is compared by the day. Categories are compared exactly, their `contains` without regard to case.
    Metadata is compared by type: numbers with numbers, strings with strings; its `contains` is a part of a string,
    or an element of a list; null equals what is missing; a path leads through objects only.
    """
    return _condition(node, _COLUMNS)


def to_q_then(node: Node) -> Q:
    """Returns `node` as a condition on memories at another time (`memories.past.known`), as `to_q` does."""
    return _condition(node, _COLUMNS_THEN)


def _condition(node: Node, columns: Mapping[str, str]) -> Q:
    return Q() if node == EVERYTHING else Q(_Matches(node, columns))


class _Matches(Expression):
    """Whether a row matches a tree: the row's columns are Django's, what is asked of them is written here."""

    def __init__(self, node: Node, columns: Mapping[str, str]) -> None:
        super().__init__(output_field=BooleanField())
        self.node = node
        self.columns: dict[str, Any] = {name: F(columns[name]) for name in dict.fromkeys(_fields_of(node))}

    def get_source_expressions(self) -> list[Any]:
        """Returns the columns, for Django to resolve."""
        return list(self.columns.values())

    def set_source_expressions(self, exprs: Iterable[Any]) -> None:
        """Takes them back resolved."""
        self.columns = dict(zip(self.columns, exprs, strict=True))

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> _Sql:  # type: ignore[override]  # Django takes any sequence of parameters
        """Returns the condition."""
        columns = {name: _whole(compiler.compile(column), connection) for name, column in self.columns.items()}
        return _written(self.node, columns)


def _whole(column: Any, connection: BaseDatabaseWrapper) -> str:
    """A column's SQL with its parameters in it, since a condition may name it more than once; a table's has none."""
    written, params = column
    if not params:
        return written
    composed: str = connection.ops.compose_sql(written, params)  # type: ignore[attr-defined]  # Postgres' operations have it
    return composed.replace("%", "%%")


def _fields_of(node: Node) -> Iterator[str]:
    match node:
        case And(children) | Or(children):
            for child in children:
                yield from _fields_of(child)
        case Not(child):
            yield from _fields_of(child)
        case Condition():
            yield node.field


def _written(node: Node, columns: Mapping[str, str]) -> _Sql:
    match node:
        case And(children):
            return _joined(" AND ", [_written(child, columns) for child in children])
        case Or(children):
            return _joined(" OR ", [_written(child, columns) for child in children])
        case Not(child):
            sql, params = _written(child, columns)
            return f"({sql}) IS NOT TRUE", params  # SQL's own NOT would leave NULL as it is.
    # The parser gave the value the type of its field and operator.
    column, value = columns[node.field], node.value
    if node.field == "metadata":
        return _metadata(column, node.path, node.operator, value)
    return _WRITERS.get(node.field, _plain)(column, node.operator, value)


def _joined(word: str, parts: list[_Sql]) -> _Sql:
    return f"({word.join(sql for sql, _ in parts)})", [param for _, params in parts for param in params]


def _plain(column: str, operator: Operator, value: Any) -> _Sql:
    match operator:
        case Operator.EXISTS:
            return f"{column} IS NOT NULL", []
        case Operator.IN:
            return f"{column} = ANY(%s)", [list(value)]
    return f"{column} {_COMPARISONS[operator]} %s", [value]


def _text(column: str, operator: Operator, value: Any) -> _Sql:
    if operator is Operator.ICONTAINS:
        return f"strpos(upper({column}), upper(%s)) > 0", [value]
    return f"strpos({column}, %s) > 0", [value]


def _categories(column: str, operator: Operator, value: Any) -> _Sql:
    if operator is Operator.IN:
        return f"{column} && %s::varchar[]", [list(value)]
    return _text(f"array_to_string({column}, '{_SEPARATOR}')", Operator.ICONTAINS, value)


def _time(column: str, operator: Operator, value: Any) -> _Sql:
    if operator is Operator.IN:
        return _joined(" OR ", [_time(column, Operator.EQ, item) for item in value])
    if isinstance(value, datetime):
        return _plain(column, operator, value)
    midnight = datetime.combine(value, time.min, UTC)
    if operator is Operator.EQ:
        return f"{column} BETWEEN %s AND %s", [midnight, datetime.combine(value, time.max, UTC)]
    return _plain(column, operator, midnight)


def _expiry(column: str, operator: Operator, value: Any) -> _Sql:
    return _plain(column, operator, [_day(item) for item in value] if operator is Operator.IN else _day(value))


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


_WRITERS: Mapping[str, Callable[[str, Operator, Any], _Sql]] = {
    **dict.fromkeys(("text", "keywords", "keywords_search"), _text),
    **dict.fromkeys(("created_at", "updated_at", "timestamp"), _time),
    "expiration_date": _expiry,
    "categories": _categories,
}


def _metadata(column: str, path: tuple[str, ...], operator: Operator, value: Any) -> _Sql:
    keys = list(path)
    at = column + " -> %s" * len(keys)
    text = column + " -> %s" * (len(keys) - 1) + " ->> %s"  # NULL also where it is JSON's null.
    match operator:
        case Operator.EXISTS:
            return f"({text}) IS {'NOT ' if value else ''}NULL", keys
        case Operator.IN:
            return f"({at}) = ANY(%s::jsonb[])", [*keys, [_json(item) for item in value]]
        case Operator.CONTAINS:
            return _contains(at, text, keys, value)
        case Operator.EQ if value is None:
            return f"({text}) IS NULL", keys
        case Operator.EQ:
            return f"({at}) = %s::jsonb", [*keys, _json(value)]
    return _in_order(at, keys, operator, value)


def _contains(at: str, text: str, keys: list[str], value: Any) -> _Sql:
    element = f"({at}) @> %s::jsonb", [*keys, _json([value])]
    if not isinstance(value, str):
        return element
    part = f"(strpos({text}, %s) > 0 AND jsonb_typeof({at}) = 'string')", [*keys, value, *keys]
    return _joined(" OR ", [element, part])


def _in_order(at: str, keys: list[str], operator: Operator, value: Any) -> _Sql:
    """The types of JSON have an order among each other too, which is not meant."""
    kind = "string" if isinstance(value, str) else "number"
    compared = f"(({at}) {_COMPARISONS[operator]} %s::jsonb AND jsonb_typeof({at}) = '{kind}')"
    return compared, [*keys, _json(value), *keys]


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
