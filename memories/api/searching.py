"""Searches (contract.md §5.4, §5.6, §5.9)."""

import time
from collections.abc import Mapping
from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from loci.http.aliases import normalise
from loci.http.parser import body_of
from memories.api.address_parameters import DEGRADED, VERSION
from memories.api.answers.memories import SEARCH_V1, HitsAnswer
from memories.api.generations import V1_SEARCHES, V2_SEARCHES, V3, Generation
from memories.api.parameters import SearchInput
from memories.api.wire import hit_json, only
from memories.retrieval.filters import named_entity
from memories.retrieval.searching import Found, search
from orgs.api.base import ProjectView


class _SearchView(ProjectView):
    operations: ClassVar[Mapping[str, str]] = {"POST": "SEARCH"}
    rates: ClassVar[Mapping[str, str]] = {"POST": "search"}
    scopes: ClassVar[Mapping[str, str]] = {"POST": "memories:read"}
    for_bound_keys = frozenset({"POST"})

    def searched(self, request: Request, generation: Generation) -> Response:
        """Answers with at most `top_k` memories, best first, each with its score and where that came from."""
        started = time.perf_counter()
        asked = normalise(body_of(request))
        given = SearchInput(data=asked)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        where = generation.where(asked)
        self.log.entity = named_entity(where)
        found = search(
            self.tenant,
            wanted["query"],
            where,
            top_k=wanted["top_k"],
            threshold=wanted.get("threshold", generation.threshold),
            visibility=given.visibility(superseded=self.caller.here.shows_superseded),
            reference=wanted.get("reference_date"),
        )
        rows = [only(hit_json(hit), wanted.get("fields")) for hit in found.hits]
        self._observe(found, time.perf_counter() - started)
        headers = {"X-Degraded": "embedding"} if found.degraded else {}
        return Response(generation.shaped(rows, wanted.get("output_format")), headers=headers)

    def _observe(self, found: Found, seconds: float) -> None:
        found.observe(seconds)
        self.log.memory_ids = [hit.memory.id for hit in found.hits]
        self.log.stages = found.seconds


class SearchView(_SearchView):
    """The search of v3."""

    @extend_schema(
        summary="Search memories", parameters=[DEGRADED], request=SearchInput, responses=HitsAnswer, tags=["memories"]
    )
    def post(self, request: Request) -> Response:
        """Answers with the memories of a scope that fit the question, best first."""
        return self.searched(request, V3)


class SearchV2View(_SearchView):
    """The search of v2."""

    @extend_schema(
        summary="Search memories (v2)",
        parameters=[DEGRADED],
        request=SearchInput,
        responses=SEARCH_V1,
        deprecated=True,
        tags=["memories"],
    )
    def post(self, request: Request) -> Response:
        """Answers with the memories of a scope that fit the question, best first."""
        return self.searched(request, V2_SEARCHES)


class SearchV1View(_SearchView):
    """The search of v1."""

    @extend_schema(
        summary="Search memories (v1)",
        parameters=[VERSION, DEGRADED],
        request=SearchInput,
        responses=SEARCH_V1,
        deprecated=True,
        tags=["memories"],
    )
    def post(self, request: Request) -> Response:
        """Answers with the memories of a scope that fit the question, best first."""
        is_v2 = request.query_params.get("version") == "v2"
        return self.searched(request, V2_SEARCHES if is_v2 else V1_SEARCHES)
