"""Lists and searches (contract.md §5.8, §5.9)."""

import time
from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from loci.errors import DomainError
from loci.http.aliases import normalise
from loci.http.pagination import PAGING, Pages
from loci.http.parser import body_of
from loci.tenancy.context import tenant_tx
from memories.api.serializers import SearchInput, VisibilityInput
from memories.api.wire import hit_json, memory_json, only
from memories.queries import newest_first, visible
from memories.retrieval.filters import Node, fold, require_scope, to_q
from memories.retrieval.searching import search
from orgs.api.base import ProjectView

FILTERS_REQUIRED = "Filters are required and cannot be empty. Please refer to https://docs.mem0.ai/api-reference/memory/search-memories"


class ListView(ProjectView):
    """The memories of a scope, newest first."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": "memories:read"}

    @extend_schema(
        parameters=PAGING,
        summary="List memories",
        request=VisibilityInput,
        responses=OpenApiTypes.OBJECT,
        tags=["memories"],
    )
    def post(self, request: Request) -> Response:
        """Answers with one page."""
        body = normalise(body_of(request))
        given = _checked(VisibilityInput(data=body))
        where = _where(body)
        pages = Pages()
        with tenant_tx(self.tenant):
            memories = visible(
                to_q(where), show_expired=given["show_expired"], include_superseded=given["include_superseded"]
            )
            page = pages.paginate_queryset(newest_first(memories), request, view=self)
        return pages.get_paginated_response([only(memory_json(memory), given.get("fields")) for memory in page or []])


class SearchView(ProjectView):
    """The memories of a scope that answer a question, best first."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": "memories:read"}

    @extend_schema(summary="Search memories", request=SearchInput, responses=OpenApiTypes.OBJECT, tags=["memories"])
    def post(self, request: Request) -> Response:
        """Answers with at most `top_k` memories, each with its score and where that came from."""
        started = time.perf_counter()
        body = normalise(body_of(request))
        given = _checked(SearchInput(data=body))
        found = search(
            self.tenant,
            given["query"],
            _where(body),
            top_k=given["top_k"],
            threshold=given["threshold"],
            show_expired=given["show_expired"],
            include_superseded=given["include_superseded"],
        )
        headers = {"X-Degraded": "embedding"} if found.degraded else {}
        results = [only(hit_json(hit), given.get("fields")) for hit in found.hits]
        found.observe(time.perf_counter() - started)
        return Response({"results": results}, headers=headers)


def _checked(serializer: Any) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    checked: dict[str, Any] = serializer.validated_data
    return checked


def _where(body: Mapping[str, Any]) -> Node:
    """The filters of a v3 request: they must name an entity, or every memory of the project would be meant."""
    if not body.get("filters"):
        raise DomainError(FILTERS_REQUIRED, body={"error": FILTERS_REQUIRED})
    where = fold(body)
    require_scope(where)
    return where
