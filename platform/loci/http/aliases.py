"""One spelling of what clients of all ages send (contract.md §17, rules 5, 7 and 8)."""

import ast
import re
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import orjson

from loci.http.parser import check_tree

ALIASES: Mapping[str, str] = MappingProxyType({"session_id": "run_id", "limit": "top_k"})
"""Names of older clients. An endpoint adds its own, as `ALIASES | {"message": "text"}`."""

MAX_QUERY_OBJECT_CHARS = 8_000

_FILTER_KEYS = {
    "userId": "user_id",
    "agentId": "agent_id",
    "appId": "app_id",
    "runId": "run_id",
    "sessionId": "run_id",
    "session_id": "run_id",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "expirationDate": "expiration_date",
    "memoryIds": "memory_ids",
}
_LOGICAL = frozenset({"AND", "OR", "NOT"})
_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")


def normalise(
    data: Mapping[str, Any], *, aliases: Mapping[str, str] = ALIASES, keep: Collection[str] = ()
) -> dict[str, Any]:
    """Returns the parameters in `data` under their own names, without those that are absent.

    Keys of the top level go from camelCase to snake_case and through `aliases`; the proper name wins over its alias.
    `None` and `""` are absent, except for the names in `keep`, where they mean something (clearing a date).
    Values stay as they are, except for the keys within `filters` (contract.md §4).
    """
    found: dict[str, Any] = {}
    for key, value in data.items():
        snake = _HUMP.sub(r"_\1", key).lower()
        name = aliases.get(snake, snake)
        absent = value is None or value == ""
        if (name in keep or not absent) and (name == key or name not in found):
            found[name] = value
    if "filters" in found:
        found["filters"] = _normalise_filters(found["filters"])
    return found


def query_object(raw: str | None) -> dict[str, Any] | None:
    """Returns the object that a query parameter holds, as JSON or as Python's `repr` of a dict (contract.md §1.1).

    None for anything else, such as `[object Object]`; whoever narrows a deletion by it must not take None for "all".
    """
    if not raw or len(raw) > MAX_QUERY_OBJECT_CHARS:
        return None
    for read in (orjson.loads, _python_literal):
        try:
            value = read(raw)
            check_tree(value)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    return None


def query_list(values: Iterable[str]) -> list[str]:
    """Returns the items of a repeated or comma-joined query parameter, given `request.query_params.getlist(name)`."""
    items = (item.strip() for value in values for item in value.split(","))
    return [item for item in items if item]


def _normalise_filters(filters: Any) -> Any:
    if isinstance(filters, list):
        return [_normalise_filters(item) for item in filters]
    if not isinstance(filters, dict):
        return filters
    return {
        _FILTER_KEYS.get(key, key): _normalise_filters(value) if key in _LOGICAL else value
        for key, value in filters.items()
    }


def _python_literal(raw: str) -> Any:
    """Through JSON and back, so that sets, bytes and numeric keys raise `TypeError`, and tuples become lists."""
    return orjson.loads(orjson.dumps(ast.literal_eval(raw)))
