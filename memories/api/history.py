"""How memories came to say what they say (contract.md §5.13 to §5.15)."""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from loci.errors import DomainError
from loci.http.pagination import PAGING, Pages
from loci.tenancy.context import tenant_tx
from memories.api.address_parameters import ENTITY_NAME, ENTITY_TYPE, LIMIT, MEMORY_ID
from memories.api.answers.memories import EntityMemoriesPageAnswer, HistoryEntryAnswer, HistoryPageAnswer
from memories.api.entity_names import INVALID_TYPE, read_name
from memories.api.memories import read_memory_id
from memories.history import Origin, entries_of, history_of, origins_of, project_history
from memories.lifecycle.erasure import of_entity
from memories.models import Memory
from memories.queries import Visibility, part_of, visible
from memories.scope import EntityType
from memories.wire import memory_json
from orgs.api.base import ProjectView

OF_MEMORY = ("id", "memory", "metadata", "categories", "created_at", "updated_at")


class HistoryPages(Pages):
    """Pages whose size also goes by the name of `limit`."""

    def get_page_size(self, request: Request) -> int:
        """Returns the size asked for; `limit` has become `top_k`, as everywhere (`loci.http.aliases`)."""
        return self._asked(request, "page_size", self.max_page_size) or (
            self._asked(request, "top_k", self.max_page_size) or self.page_size
        )


class HistoryView(ProjectView):
    """The history of one memory."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "memories:read"}
    operations: ClassVar[Mapping[str, str]] = {"GET": "GET"}
    for_bound_keys = frozenset({"GET"})

    @extend_schema(
        summary="Get a memory's history",
        description="Its changes, oldest first; of a deleted one, without texts.",
        parameters=[MEMORY_ID],
        responses=HistoryEntryAnswer(many=True),
        tags=["memories"],
    )
    def get(self, _request: Request, memory_id: str) -> Response:
        """Answers with the changes, oldest first (contract.md §3.3)."""
        wanted = read_memory_id(memory_id)
        self.log.memory_ids = [wanted]
        with tenant_tx(self.tenant):
            return Response(history_of(wanted))


class ProjectHistoryView(ProjectView):
    """The history of all memories."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "memories:read"}
    operations: ClassVar[Mapping[str, str]] = {"GET": "GET_ALL"}
    for_bound_keys = frozenset({"GET"})

    @extend_schema(
        summary="List the changes of all memories",
        description="The project's history, newest first. `limit` is another name of `page_size`.",
        parameters=[*PAGING, LIMIT],
        responses=HistoryPageAnswer,
        tags=["memories"],
    )
    def get(self, request: Request) -> Response:
        """Answers with one page of entries like those of one memory's history."""
        pages = HistoryPages()
        with tenant_tx(self.tenant):
            entries = entries_of(pages.paginate_queryset(project_history(), request, view=self) or [])
        return pages.get_paginated_response(entries)


class EntityMemoriesView(ProjectView):
    """The memories of one entity, with what they came from."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "memories:read"}
    operations: ClassVar[Mapping[str, str]] = {"GET": "GET_ALL"}

    @extend_schema(
        summary="List an entity's memories",
        description="Newest first, each with the messages that it was taken from; an unknown entity has none.",
        parameters=[ENTITY_TYPE, ENTITY_NAME, *PAGING],
        responses=EntityMemoriesPageAnswer,
        tags=["memories"],
    )
    def get(self, request: Request, entity_type: str, entity_name: str) -> Response:
        """Answers with one page of the entity's memories."""
        if entity_type not in list(EntityType):
            raise DomainError(INVALID_TYPE, body={"error": INVALID_TYPE})
        kind, name = EntityType(entity_type), read_name(request, entity_name)
        self.log.entity = f"{kind}:{name}"
        pages = Pages()
        with tenant_tx(self.tenant):
            found = visible(of_entity(kind, name), Visibility(superseded=self.caller.here.shows_superseded))
            page = pages.read(request, partial(part_of, found))
            origins = origins_of([memory.id for memory in page])
        self.log.memory_ids = [memory.id for memory in page]
        return pages.get_paginated_response([_with_origin(memory, origins.get(memory.id)) for memory in page])


def _with_origin(memory: Memory, origin: Origin | None) -> dict[str, Any]:
    row = memory_json(memory)
    return {
        **{name: row[name] for name in OF_MEMORY},
        "input": origin.messages if origin else [],
        "is_updated": origin is not None and origin.is_updated,
    }
