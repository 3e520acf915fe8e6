"""Searches (contract.md §5.4, §5.6, §5.9)."""

import time
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from loci.http.aliases import normalise
from loci.http.parser import body_of
from memories.api.address_parameters import OF_SEARCHES, VERSION
from memories.api.answers.memories import SEARCH_V1, SEARCH_V3
from memories.api.generations import V1_SEARCHES, V2_SEARCHES, V3, Generation
from memories.api.parameters import SearchInput
from memories.api.wire import dropped_json, explanation_json, hit_json, only
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
        where = generation.where(asked)
        self.log.entity = named_entity(where)
        found = search(self.tenant, given.search(where, threshold=generation.threshold, here=self.caller.here))
        self._observe(found, time.perf_counter() - started)
        wanted = given.validated_data
        answer = generation.shaped(
            _rows(found, wanted.get("fields")), wanted.get("output_format"), **_beside(found, explain=wanted["explain"])
        )
        return Response(answer, headers=_headers(found))

    def _observe(self, found: Found, seconds: float) -> None:
        found.observe(seconds)
        self.log.memory_ids = [hit.memory.id for hit in found.hits]
        self.log.stages = found.seconds


def _rows(found: Found, fields: Collection[str] | None) -> list[dict[str, Any]]:
    """The hits, with an explanation where there is one: whoever asks for that wants it, whatever the other keys."""
    return [
        only(hit_json(hit), fields)
        | ({"explanation": explanation_json(hit, held)} if (held := found.matched.get(hit.memory.id)) else {})
        for hit in found.hits
    ]


def _beside(found: Found, *, explain: bool) -> dict[str, Any]:
    if not explain:
        return {}
    return {"dropped": [dropped_json(dropped, found.matched[dropped.hit.memory.id]) for dropped in found.dropped]}


def _headers(found: Found) -> dict[str, str]:
    """What there is to say of the whole answer; a header hurts no client."""
    said = {
        "X-Degraded": "embedding" if found.degraded else None,
        "X-Rerank": found.reranking,
        "X-Context-Tokens": found.tokens,
    }
    return {name: str(value) for name, value in said.items() if value is not None}


class SearchView(_SearchView):
    """The search of v3."""

    @extend_schema(
        summary="Search memories", parameters=OF_SEARCHES, request=SearchInput, responses=SEARCH_V3, tags=["memories"]
    )
    def post(self, request: Request) -> Response:
        """Answers with the memories of a scope that fit the question, best first."""
        return self.searched(request, V3)


class SearchV2View(_SearchView):
    """The search of v2."""

    @extend_schema(
        summary="Search memories (v2)",
        parameters=OF_SEARCHES,
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
        parameters=[VERSION, *OF_SEARCHES],
        request=SearchInput,
        responses=SEARCH_V1,
        deprecated=True,
        tags=["memories"],
    )
    def post(self, request: Request) -> Response:
        """Answers with the memories of a scope that fit the question, best first."""
        is_v2 = request.query_params.get("version") == "v2"
        return self.searched(request, V2_SEARCHES if is_v2 else V1_SEARCHES)
