"""Up to 1,000 memories changed or deleted by one request: all of them or none (contract.md §7)."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.serializers import ValidationError

from loci.errors import DomainError
from loci.http.aliases import normalise
from loci.http.parser import body_of
from loci.tenancy.context import tenant_tx
from memories.api.answers.base import MessageAnswer
from memories.api.memories import edit_of, normalise_edit, read_memory_id
from memories.api.serializers import BatchDeleteInput, BatchUpdateInput, EditInput
from memories.provenance import Author
from memories.services.deleting import delete_memories
from memories.services.editing import edit_memories, prepare
from orgs import audit
from orgs.api.base import ProjectView

MOST = 1_000
TOO_MANY = f"Maximum of {MOST} memories can be {{done}} in a single request"
NOT_A_LIST = "Must be a list of at least one memory."

Json = dict[str, Any]


class BatchView(ProjectView):
    """Many memories by their ids. One that is named twice counts once; of its changes the last ones hold."""

    scopes: ClassVar[Mapping[str, str]] = {"PUT": "memories:write", "DELETE": "memories:delete"}
    operations: ClassVar[Mapping[str, str]] = {"PUT": "UPDATE", "DELETE": "DELETE"}
    for_bound_keys = frozenset({"PUT", "DELETE"})

    @extend_schema(
        summary="Update many memories",
        description=(
            "Changes up to 1,000 memories, all or none. Each item may have a `text` (or `message`), `metadata`,"
            " `timestamp` and `expiration_date`, at least one of them. Of a memory that is named twice, the later"
            " values count."
        ),
        request=BatchUpdateInput,
        responses=MessageAnswer,
        tags=["memories"],
    )
    def put(self, request: Request) -> HttpResponse:
        """Changes the memories in one commit."""
        items = self._items(request, "updated")
        given = EditInput(data=list(items.values()), many=True)
        if not given.is_valid():
            raise ValidationError({"memories": given.errors})
        if replay := self.replay():
            return replay
        wanted = [edit_of(*each) for each in zip(items, given.validated_data, strict=True)]
        edits = prepare(self.tenant, wanted)
        by = Author.of(self.caller)
        return self.once(lambda: edit_memories(self.tenant, edits, by=by), lambda _: _done("updated", items))

    @extend_schema(
        summary="Delete many memories",
        description="Forgets up to 1,000 memories at once, all or none; one that is named twice counts once.",
        request=BatchDeleteInput,
        responses=MessageAnswer,
        tags=["memories"],
    )
    def delete(self, request: Request) -> HttpResponse:
        """Forgets the memories in one commit."""
        items = self._items(request, "deleted")
        return self.once(lambda: self._delete(items), lambda _: _done("deleted", items))

    def _delete(self, items: Collection[UUID]) -> None:
        with tenant_tx(self.tenant):
            delete_memories(self.tenant, items)
            audit.record(self.caller, "memory.delete_many", "memory", count=len(items), ids=sorted(map(str, items)))

    def _items(self, request: Request, done: str) -> dict[UUID, Json]:
        items = _read_items(body_of(request), done)
        self.log.memory_ids = list(items)
        return items


@extend_schema_view(
    put=extend_schema(summary="Update many memories (2025)", deprecated=True),
    delete=extend_schema(summary="Delete many memories (2025)", deprecated=True),
)
class Batch2025View(BatchView):
    """The same at the address that was documented in 2025."""


def _done(done: str, items: Mapping[UUID, Json]) -> Json:
    return {"message": f"Successfully {done} {len(items)} memories"}


def _read_items(body: Mapping[str, Any], done: str) -> dict[UUID, Json]:
    """The parameters of each memory by its id, from `memories` or `memory_ids`, which hold objects or bare ids."""
    given = normalise(body)
    rows = given.get("memories", given.get("memory_ids"))
    if not isinstance(rows, list) or not rows:
        raise ValidationError({"memories": [NOT_A_LIST]})
    if len(rows) > MOST:
        message = TOO_MANY.format(done=done)
        raise DomainError(message, body={"error": message})
    items: dict[UUID, Json] = {}
    for row in rows:
        item = normalise_edit(row) if isinstance(row, dict) else {"memory_id": row}
        items.setdefault(read_memory_id(item.pop("memory_id", None)), {}).update(item)
    return items
