"""The address that v1's add and delete_all share."""

from collections.abc import Mapping
from typing import ClassVar

from memories.api.adding import AddV1View
from memories.api.memories import DeleteAllView


class MemoriesV1View(AddV1View, DeleteAllView):
    """POST adds, DELETE deletes what the filters find."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": "memories:write", "DELETE": "memories:delete"}
