"""What differs between the three generations of lists and searches (contract.md §2, §5.2 to §5.9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loci.errors import DomainError
from memories.retrieval.filters import EVERYTHING, Node, fold, has_scope, require_scope

_ONE_OF = "One of the filters: app_id, user_id, agent_id, run_id is required!"
_AT_LEAST_ONE = "At least one of the filters: agent_id, user_id, app_id, run_id is required!"
_FILTERS_REQUIRED = (
    "Filters are required and cannot be empty."
    " Please refer to https://docs.mem0.ai/api-reference/memory/search-memories"
)


@dataclass(frozen=True)
class Generation:
    """How the lists or searches of one generation are asked, and in which shape they answer.

    `without_entity` is the hosted answer to a request that names no entity; where it is None, a request that names
    nothing at all hears that filters are required, and any other that they name no entity. `filters_alone` says that
    ids beside the filters do not do. `threshold` is the least score of a hit where the request names none.
    `always_objects` is an answer that is never a bare array.
    """

    without_entity: str | None = None
    filters_alone: bool = False
    threshold: float = 0.1
    always_objects: bool = False

    def where(self, asked: Mapping[str, Any]) -> Node:
        """Returns the filters of a request; raises `DomainError` (400) where they would mean the whole project."""
        where = fold(asked)
        if self.without_entity is not None and not has_scope(where):
            raise DomainError(self.without_entity, body={"message": self.without_entity})
        if where == EVERYTHING or (self.filters_alone and not asked.get("filters")):
            raise DomainError(_FILTERS_REQUIRED, body={"error": _FILTERS_REQUIRED})
        require_scope(where)
        return where

    def shaped(self, rows: list[dict[str, Any]], output_format: str | None, **beside: Any) -> Any:
        """Returns the answer that holds these rows, outside of pages, and what is to stand beside them in an object."""
        if self.always_objects:
            return {"results": rows, **beside}
        return {"results": rows, "relations": [], **beside} if output_format == "v1.1" else rows


OLDER_LISTS = Generation(without_entity=_ONE_OF)
V1_SEARCHES = Generation(without_entity=_AT_LEAST_ONE, threshold=0)
V2_SEARCHES = Generation()
V3 = Generation(filters_alone=True, always_objects=True)
