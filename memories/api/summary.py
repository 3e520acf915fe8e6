"""Summaries (contract.md §9.3)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from loci.http.aliases import normalise
from loci.http.parser import body_of
from loci.http.renderer import moment
from memories.api.address_parameters import MODEL_DEGRADED
from memories.api.answers.summaries import SummaryAnswer
from memories.api.description import example
from memories.api.parameters import ConditionField, FiltersField
from memories.api.serializers import Input
from memories.lifecycle.summaries import Summarized, summarize
from memories.retrieval.filters import fold, named_entity
from orgs.api.base import ProjectView


@example({"filters": {"user_id": "alex"}})
class SummaryInput(Input):
    """Which memories to sum up; for the description: `memories.retrieval.filters.fold` reads them."""

    filters = FiltersField(required=False, help_text="Whose memories, and which of them; all by default.")
    user_id = ConditionField("The user that the memories are about.")
    agent_id = ConditionField("The agent that the memories are about.")
    app_id = ConditionField("The app that the memories are about.")
    run_id = ConditionField("The run that the memories are about; `session_id` is its older name.")


class SummaryView(ProjectView):
    """Sums up memories."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": "memories:read"}
    for_bound_keys = frozenset({"POST"})

    @extend_schema(
        summary="Sum up memories",
        description=(
            "A summary of the memories that the filters find, or of all that the key may see. A model writes it where"
            " one is set up, by the project's settings; what it wrote is answered again until one of these memories"
            " changes. Without one, or where it fails, memories are put together as they are, by category."
        ),
        parameters=[MODEL_DEGRADED],
        request=SummaryInput,
        responses=SummaryAnswer(many=True),
        tags=["memories"],
    )
    def post(self, request: Request) -> Response:
        """Answers with a list of one summary."""
        where = fold(normalise(body_of(request)))
        self.log.entity = named_entity(where)
        made = summarize(self.tenant, where)
        return Response([_summary_json(made)], headers={"X-Degraded": "llm"} if made.degraded else None)


def _summary_json(made: Summarized) -> dict[str, Any]:
    return {
        "summary": made.text,
        "method": made.method,
        "memories": made.total,
        "covered": made.covered,
        "created_at": moment(made.created_at),
    }
