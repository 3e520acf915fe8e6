"""Lists of memories, newest first (contract.md §5.2, §5.5, §5.8)."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from loci.errors import DomainError
from loci.http.aliases import normalise, query_parameters
from loci.http.pagination import PAGING, Pages
from loci.http.parser import body_of
from loci.tenancy.context import tenant_tx
from memories.api.address_parameters import FILTERS_AND_METADATA
from memories.api.answers.memories import LIST_V1, MemoriesPageAnswer
from memories.api.generations import OLDER_LISTS, V3
from memories.api.parameters import FiltersOnly, FindInput, ListInput, OlderListInput
from memories.api.wire import only, said_json
from memories.past import told
from memories.queries import Visibility, part_of, visible, visible_then
from memories.retrieval.filters import Node, named_entity, to_q, to_q_then
from memories.wire import memory_json
from orgs.api.base import ProjectView

LIMIT = "limit must be <= 200"


class _ListView(ProjectView):
    operations: ClassVar[Mapping[str, str]] = {"POST": "GET_ALL"}
    scopes: ClassVar[Mapping[str, str]] = {"POST": "memories:read"}
    for_bound_keys = frozenset({"POST"})

    def page(self, where: Node, given: FindInput, pages: Pages) -> list[dict[str, Any]]:
        """Returns the rows of the page that the request asks for, and logs what they are."""
        started = time.perf_counter()
        rows = self._rows(where, given.visibility(superseded=self.caller.here.shows_superseded), pages)
        self.log.entity = named_entity(where)
        self.log.memory_ids = [UUID(row["id"]) for row in rows]
        self.log.stages = {"sql": time.perf_counter() - started}
        return [only(row, given.validated_data.get("fields")) for row in rows]

    def _rows(self, where: Node, visibility: Visibility, pages: Pages) -> list[dict[str, Any]]:
        with tenant_tx(self.tenant):
            if visibility.moment is None:
                memories = pages.read(self.request, partial(part_of, visible(to_q(where), visibility)))
                return [memory_json(memory) for memory in memories]
            found = visible_then(to_q_then(where), visibility.moment, visibility)
            then = told(found, visibility.moment, superseded=visibility.superseded)
            return [said_json(row) for row in pages.read(self.request, partial(part_of, then))]


class ListView(_ListView):
    """The list of v3: always a page."""

    @extend_schema(
        summary="List memories", parameters=PAGING, request=ListInput, responses=MemoriesPageAnswer, tags=["memories"]
    )
    def post(self, request: Request) -> Response:
        """Answers with one page; `page` and `page_size` may be in the query or in the body."""
        asked = normalise(body_of(request))
        given = ListInput(data=asked)
        given.is_valid(raise_exception=True)
        pages = Pages()
        return pages.get_paginated_response(self.page(V3.where(asked), given, pages))


class _OlderListView(_ListView):
    def listed(self, asked: Mapping[str, Any]) -> Response:
        """Answers with a page where a page and its size are asked for, else with the first memories."""
        given = OlderListInput(data=asked)
        given.is_valid(raise_exception=True)
        pages = Pages()
        if pages.are_asked_for(self.request):
            return pages.get_paginated_response(self.page(OLDER_LISTS.where(asked), given, pages))
        pages.page_size = _limit(given.validated_data.get("top_k"))
        rows = self.page(OLDER_LISTS.where(asked), given, pages)
        return Response(OLDER_LISTS.shaped(rows, given.validated_data.get("output_format")))


class ListV2View(_OlderListView):
    """The list of v2: a bare array, or a page."""

    @extend_schema(
        summary="List memories (v2)",
        parameters=PAGING,
        request=OlderListInput,
        responses=LIST_V1,
        deprecated=True,
        tags=["memories"],
    )
    def post(self, request: Request) -> Response:
        """Answers with the first 100, or with a page where `page` and `page_size` are both given."""
        return self.listed(normalise(body_of(request)))


class ListV1View(_OlderListView):
    """The list of v1, beside the add and delete_all of the same address."""

    @extend_schema(
        summary="List memories (v1)",
        description="As v2's list. With `version=v2`, the body may hold the filters.",
        parameters=[OlderListInput, *FILTERS_AND_METADATA, *PAGING],
        request=FiltersOnly,
        responses=LIST_V1,
        deprecated=True,
        tags=["memories"],
    )
    def get(self, request: Request) -> Response:
        """Answers with the first 100, or with a page where `page` and `page_size` are both given."""
        query = query_parameters(request.query_params, objects=("filters", "metadata"), lists=("categories", "fields"))
        return self.listed(normalise(body_of(request)) | normalise(query))


def _limit(asked: int | None) -> int:
    if asked is None:
        return Pages.page_size
    if asked > Pages.max_page_size:
        raise DomainError(LIMIT, body={"error": LIMIT})
    return asked
