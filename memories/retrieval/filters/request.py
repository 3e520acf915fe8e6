"""What one request asks for: its filters, the parameters beside them, and whose memories that may be."""

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


def _created(name: str, operator: Operator, of_day: time, data: Mapping[str, Any]) -> Node:
    value = data.get(name)
    if value is None or value == "":
        return EVERYTHING
    moment = read_date(name, value)
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, of_day, UTC)
    return Condition("created_at", operator, moment)
