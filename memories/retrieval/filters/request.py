"""What one request asks for: its filters, the parameters beside them, and whose memories that may be."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from memories.retrieval.filters.parser import ENTITY_FIELDS, METADATA, parse
from memories.retrieval.filters.tree import EVERYTHING, And, Condition, Node, Not, Operator, Or, all_of
from memories.retrieval.filters.values import invalid, read_date

UNSCOPED = (
    "filters must include at least one positively-scoped entity ID (user_id, agent_id, app_id, or run_id)."
    " Wildcards and NOT-only entity references do not count as scoped."
)
"""The hosted service's own words (contract.md §2)."""

_BESIDE = (*ENTITY_FIELDS, METADATA, "categories", "keywords")
_BOUNDS = ("start_date", "end_date")
FOLDED = ("filters", *_BESIDE, *_BOUNDS)
"""What `fold` reads of a request."""
_WITHIN_FILTERS = (
    *("and", "or", "not", "text", "keywords_search"),
    *("created_at", "updated_at", "timestamp", "expiration_date"),
)
_MEMORIES = ("ids", "memories", "memory_id", "memory_ids")
_NARROWING = frozenset({*FOLDED, *_WITHIN_FILTERS, *_MEMORIES})
_PATH_SEPARATOR = re.compile(r"[.\[]")


def fold(data: Mapping[str, Any]) -> Node:
    """Returns the tree of a request: its `filters` AND the fields beside them (contract.md §4, last rule).

    `data` is normalised (`loci.http.aliases`); beside `filters` it may have the entity ids, `metadata`, `categories`,
    `keywords`, and `start_date` and `end_date`, both inclusive, on `created_at`. Null and "" are absent; other keys
    are ignored. The tree of a request without any of them matches everything: call `require_scope`. Raises as `parse`.
    """
    filters = data.get("filters")
    return all_of(
        [
            EVERYTHING if filters is None or filters == "" else parse(filters),
            parse({name: data[name] for name in _BESIDE if name in data}),
            _created("start_date", Operator.GTE, time.min, data),
            _created("end_date", Operator.LTE, time.max, data),
        ]
    )


def fold_deletion(data: Mapping[str, Any]) -> Node:
    """Returns the tree of a deletion: as `fold`, but four times `"*"` means the whole project (contract.md §5.3).

    So the job finds what the request asked for: both call this. Raises as `fold` and `require_scope`.
    """
    if all(data.get(name) == "*" for name in ENTITY_FIELDS):
        return fold({name: value for name, value in data.items() if name not in ENTITY_FIELDS})
    where = fold(data)
    require_scope(where)
    return where


def narrowing_names(data: Mapping[str, Any]) -> list[str]:
    """Returns the names in `data`, which is normalised, that anywhere in the API ask for some memories only."""
    return [name for name in data if _PATH_SEPARATOR.split(name)[0] in _NARROWING]


def has_scope(node: Node) -> bool:
    """Tells whether every match belongs to an asked entity; `"*"` counts (contract.md §4: be lenient), NOT does not.

    One branch of an OR without an entity would reach everybody's memories.
    """
    match node:
        case And(children):
            return any(has_scope(child) for child in children)
        case Or(children):
            return all(has_scope(child) for child in children)
        case Not():
            return False
    return node.field in ENTITY_FIELDS


def require_scope(node: Node) -> None:
    """Raises `DomainError` (400) when no entity is named, so that a missing scope never means "all"."""
    if not has_scope(node):
        raise invalid(UNSCOPED)


_TYPES = [name.removesuffix("_id") for name in ENTITY_FIELDS]


def named_entity(node: Node) -> str | None:
    """Returns the entity that every match belongs to, as `user:alex`; of several the first in the order of lanes."""
    return min(owners(node), key=lambda owner: (_TYPES.index(owner.partition(":")[0]), owner), default=None)


def named_entities(node: Node) -> set[str]:
    """Returns all entities that matches may belong to by name, as `user:alex`; not those of a NOT."""
    match node:
        case And(children) | Or(children):
            return {entity for child in children for entity in named_entities(child)}
        case Condition(field, Operator.EQ | Operator.IN, value) if field in ENTITY_FIELDS:
            names = value if isinstance(value, tuple) else (value,)
            return {f"{field.removesuffix('_id')}:{name}" for name in names}
    return set()


def owners(node: Node) -> set[str]:
    """Returns the entities that every match belongs to, as `user:alex`."""
    match node:
        case And(children):
            return {owner for child in children for owner in owners(child)}
        case Or(children):
            return set.intersection(*map(owners, children))
        case Condition(field, Operator.EQ | Operator.IN, value) if field in ENTITY_FIELDS:
            names = set(value if isinstance(value, tuple) else (value,))
            return {f"{field.removesuffix('_id')}:{name}" for name in names} if len(names) == 1 else set()
    return set()


def _created(name: str, operator: Operator, of_day: time, data: Mapping[str, Any]) -> Node:
    value = data.get(name)
    if value is None or value == "":
        return EVERYTHING
    return Condition("created_at", operator, read_moment(name, value, of_day))


def read_moment(name: str, value: Any, of_day: time) -> datetime:
    """Reads a moment, or this time of a day in UTC; raises `DomainError` (400) for what is neither."""
    moment = read_date(name, value)
    return moment if isinstance(moment, datetime) else datetime.combine(moment, of_day, UTC)
