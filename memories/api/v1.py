"""The address that v1's add, list and delete_all share."""

from collections.abc import Mapping
from typing import ClassVar

from memories.api.adding import AddV1View
from memories.api.listing import ListV1View
from memories.api.memories import DeleteAllView


class MemoriesV1View(AddV1View, ListV1View, DeleteAllView):
    """POST adds, GET lists, DELETE deletes what the filters find."""

    scopes: ClassVar[Mapping[str, str]] = {
        "POST": "memories:write",
        "GET": "memories:read",
        "DELETE": "memories:delete",
    }
    operations: ClassVar[Mapping[str, str]] = {"GET": "GET_ALL"}
    rates: ClassVar[Mapping[str, str]] = {"POST": "add"}
    for_bound_keys = frozenset({"POST", "GET"})
