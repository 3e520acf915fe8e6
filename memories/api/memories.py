"""One memory by its id, and the deletion of many (contract.md §5.3, §5.10 to §5.13)."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from loci.errors import DomainError
from loci.http.aliases import ALIASES, normalise, query_object
from loci.http.parser import body_of
from loci.tenancy.context import tenant_tx
from memories.api.serializers import EditInput, ScopeInput
from memories.api.waiting import run_if_free
from memories.api.wire import memory_json
from memories.queries import history_of, memory_of
from memories.retrieval.filters import fold, require_scope
from memories.services.deleting import accept_delete_all, delete_memory
from memories.services.editing import Edit, edit_memory
from orgs.api.base import ProjectView
from workers.tasks.delete import DELETE

INVALID_ID = "memory_id should be a valid UUID"
DELETING = "Delete in progress. This may take some time."
DELETED = "Memory deleted successfully!"


class MemoryView(ProjectView):
    """One memory."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "memories:read", "PUT": "memories:write", "DELETE": "memories:delete"}

    @extend_schema(summary="Get a memory", responses=OpenApiTypes.OBJECT, tags=["memories"])
    def get(self, _request: Request, memory_id: str) -> Response:
        """Answers with the memory, also with an expired or superseded one."""
        with tenant_tx(self.tenant):
            memory = memory_of(_uuid(memory_id))
        return Response(memory_json(memory))

    @extend_schema(summary="Update a memory", request=EditInput, responses=OpenApiTypes.OBJECT, tags=["memories"])
    def put(self, request: Request, memory_id: str) -> Response:
        """Changes text, metadata, timestamp or expiration date, and answers with the memory."""
        wanted = _uuid(memory_id)
        given = EditInput(
            data=normalise(body_of(request), aliases={**ALIASES, "message": "text"}, keep={"expiration_date"})
        )
        given.is_valid(raise_exception=True)
        memory = edit_memory(self.tenant, wanted, _edit(given.validated_data))
        return Response({**memory_json(memory), "text": memory.text})

    @extend_schema(summary="Delete a memory", responses=OpenApiTypes.OBJECT, tags=["memories"])
    def delete(self, _request: Request, memory_id: str) -> Response:
        """Forgets the memory at once."""
        delete_memory(self.tenant, _uuid(memory_id))
        return Response({"message": DELETED})


class HistoryView(ProjectView):
    """How a memory came to say what it says."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "memories:read"}

    @extend_schema(summary="Get a memory's history", responses=OpenApiTypes.OBJECT, tags=["memories"])
    def get(self, _request: Request, memory_id: str) -> Response:
        """Answers with the changes, oldest first (contract.md §3.3)."""
        with tenant_tx(self.tenant):
            return Response(history_of(_uuid(memory_id)))


class DeleteAllView(ProjectView):
    """The deletion of all memories that filters find, beside the v1 add at the same address."""

    @extend_schema(
        operation_id="v1_memories_delete_all",
        parameters=[ScopeInput, OpenApiParameter("metadata", str), OpenApiParameter("filters", str)],
        summary="Delete memories",
        responses=OpenApiTypes.OBJECT,
        tags=["memories"],
    )
    def delete(self, request: Request) -> Response:
        """Deletes what all given filters find together; without an entity among them it deletes nothing."""
        filters = _deletion(request)
        require_scope(fold(filters))
        accepted = accept_delete_all(self.tenant, filters)
        run_if_free(DELETE, self.tenant, accepted)
        return Response({"message": DELETING, "event_id": str(accepted.event_id)})


def _deletion(request: Request) -> dict[str, Any]:
    """The parameters of a deletion. One that cannot be read is an error: it must not widen what is deleted."""
    given: dict[str, Any] = normalise(request.query_params.dict())
    if any("[" in name for name in given):
        raise DomainError('Objects in the address must be JSON: metadata={"key": "value"}.')
    for name in ("metadata", "filters"):
        if name in given:
            given[name] = query_object(given[name])
            if given[name] is None:
                raise DomainError(f"{name} must be an object.")
    return normalise(given)


def _edit(given: Mapping[str, Any]) -> Edit:
    fields: dict[str, Any] = {}
    if "metadata" in given:
        fields["metadata"] = given["metadata"]
    if "expiration_date" in given:
        fields["expires_on"] = given["expiration_date"]
    return Edit(text=given.get("text"), said_at=given.get("timestamp"), fields=fields)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise DomainError(INVALID_ID, body={"error": INVALID_ID}) from error
