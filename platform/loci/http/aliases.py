"""One spelling of what clients of all ages send (contract.md §17, rules 5, 7 and 8)."""

import ast
import re
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import orjson
from django.http import QueryDict

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
_DEEP = re.compile(r"(?P<name>\w+)(?P<keys>(?:\[[^\[\]]+\])+)")
"""The name of a value within an object: `metadata[trip][city]`."""
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


def query_parameters(query: QueryDict, *, objects: Collection[str] = (), lists: Collection[str] = ()) -> dict[str, Any]:
    """Returns a query string as a body would say it, for `normalise`.

    What `query_objects` cannot read is left out, `lists` are read by `query_list`; of other repeated names the last
    counts.
    """
    read = {name: value for name, value in query_objects(query, objects).items() if value is not None}
    given = {name: value for name, value in query.dict().items() if name.partition("[")[0] not in objects}
    return {**given, **{name: query_list(query.getlist(name)) for name in lists if name in query}, **read}


def query_objects(query: QueryDict, names: Collection[str]) -> dict[str, dict[str, Any] | None]:
    """Returns the objects that a query string holds under `names`, each in one of its spellings (contract.md §1.1).

    They are JSON, Python's `repr` of a dict, and `metadata[a]=1`, whose values are JSON's scalars or else text. None
    stands for what is none of these, such as `[object Object]`, or says two things of one key: whoever narrows a
    deletion by an object must not take None for "all". A name that is absent or empty is left out.
    """
    given = query.dict()
    found = {name: query_object(str(given[name])) for name in names if given.get(name)}
    for parameter, raw in given.items():
        match = _DEEP.fullmatch(parameter)
        if match and match["name"] in names:
            whole = found.setdefault(match["name"], {})
            if whole is not None and not _put(whole, match["keys"][1:-1].split("]["), _scalar(str(raw))):
                found[match["name"]] = None
    return found


def query_object(raw: str) -> dict[str, Any] | None:
    """Returns the object that a text holds, as JSON or as Python's `repr` of a dict; None for anything else."""
    if len(raw) > MAX_QUERY_OBJECT_CHARS:
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


def _put(whole: dict[str, Any], path: list[str], value: Any) -> bool:
    """Sets the value at a path of keys and returns True, or False where something else is there already."""
    place: Any = whole
    for key in path[:-1]:
        place = place.setdefault(key, {})
        if not isinstance(place, dict):
            return False
    if path[-1] in place:
        return False
    place[path[-1]] = value
    return True


def _scalar(raw: str) -> Any:
    try:
        value = orjson.loads(raw)
        check_tree(value)
    except ValueError:
        return raw
    return value if isinstance(value, bool | int | float | str) else raw


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
