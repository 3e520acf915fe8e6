"""How much a project remembers and is asked (contract.md §9.5)."""

from collections.abc import Mapping
from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from loci.tenancy.context import tenant_tx
from memories.api.answers.entities import StatsAnswer
from memories.overview import add_events, memory_totals, retrieval_events
from orgs.api.base import ProjectView

COUNTED = ("user", "agent", "run")


class StatsView(ProjectView):
    """The project's numbers."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "memories:read"}

    @extend_schema(
        summary="Get statistics",
        description=(
            "Active memories only. Retrievals are searches, lists and reads of memories that were answered in the last"
            " 30 days, up to a second ago; all of them came through the API. A limit of null is none. Averages are"
            " rounded."
        ),
        responses=StatsAnswer,
        tags=["stats"],
    )
    def get(self, _request: Request) -> Response:
        """Answers with the numbers as they are now."""
        with tenant_tx(self.tenant):
            totals, retrievals, adds = memory_totals(), retrieval_events(), add_events()
        return Response(
            {
                "total_memories": totals["memories"],
                "total_retrieval_events": retrievals,
                "total_add_events": adds,
                "total_api_retrieval_events": retrievals,
                "total_retrieval_events_limit": None,
                **{f"total_{kind}s_with_memories": totals[f"{kind}s"] for kind in COUNTED},
                **{f"memories_per_{kind}": _average(totals[f"of_{kind}s"], totals[f"{kind}s"]) for kind in COUNTED},
            }
        )


def _average(memories: int, owners: int) -> int:
    return round(memories / owners) if owners else 0
