"""What people think of memories (contract.md §9.4)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loci.errors import DomainError
from loci.http.aliases import normalise
from loci.http.parser import body_of
from loci.tenancy.context import tenant_tx
from memories.api.answers.examples import MEMORY_ID
from memories.api.answers.feedback import FeedbackAnswer
from memories.api.answers.reviews import FeedbackStatsAnswer
from memories.api.description import example
from memories.api.fields import UuidField
from memories.api.serializers import Input
from memories.models import Feedback, Opinion, ReviewKind, ReviewState
from memories.overview import memory_totals
from memories.provenance import Author
from memories.reviews import judged_memories, opinions, opinions_by_day, reviews, worst_memories
from memories.services.feedback import Judgement, give_feedback
from orgs.api.base import ProjectView

INVALID_ID = "Invalid memory_id"
MAX_REASON = 2_000


class OpinionField(serializers.ChoiceField):
    """An opinion, in capitals or not."""

    def __init__(self, **kwargs: Any) -> None:
        allowed = f"Must be one of {', '.join(Opinion.values)}, or null."
        super().__init__(choices=Opinion.values, error_messages={"invalid_choice": allowed}, **kwargs)

    def to_internal_value(self, data: Any) -> Opinion:
        """Returns the opinion."""
        return Opinion(super().to_internal_value(data.upper() if isinstance(data, str) else data))


@example({"memory_id": MEMORY_ID, "feedback": "NEGATIVE", "feedback_reason": "She moved away in March."})
class FeedbackInput(Input):
    """What somebody thinks of a memory."""

    memory_id = UuidField(help_text="The memory's id.")
    feedback = OpinionField(
        required=False, allow_null=True, default=None, help_text="What you think of it; null takes back what you did."
    )
    feedback_reason = serializers.CharField(
        required=False, allow_null=True, default="", max_length=MAX_REASON, help_text="Why; kept with it, screened."
    )

    def judgement(self) -> Judgement:
        """Returns what is meant."""
        given = self.validated_data
        return Judgement(given["memory_id"], given["feedback"], given["feedback_reason"])


class FeedbackView(ProjectView):
    """Takes feedback on one memory."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": "memories:write"}
    for_bound_keys = frozenset({"POST"})

    @extend_schema(
        summary="Give feedback",
        description=(
            "Says what you think of what a memory says. Searches weigh it: one opinion moves a memory a little, many"
            " that agree move it more. Your own replaces the one that you had before; a key that is bound to a user,"
            " agent or app speaks for that one. An opinion counts until the text of the memory changes, and goes when"
            " the memory does."
        ),
        request=FeedbackInput,
        responses=FeedbackAnswer,
        tags=["memories"],
    )
    def post(self, request: Request) -> HttpResponse:
        """Keeps the feedback and answers with it."""
        judgement = _read(normalise(body_of(request)))
        self.log.memory_ids = [judgement.memory_id]
        return self.once(
            lambda: give_feedback(self.tenant, judgement, by=Author.of(self.caller)),
            _feedback_json,
            about=judgement.memory_id,
        )


class FeedbackStatsView(ProjectView):
    """What people think of the project's memories."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "memories:read"}

    @extend_schema(
        summary="Get statistics of feedback",
        description=(
            "Opinions of what active memories say now, by opinion and by day; how many memories somebody judged; and"
            " the worst of these."
        ),
        responses=FeedbackStatsAnswer,
        tags=["stats"],
    )
    def get(self, _request: Request) -> Response:
        """Answers with the numbers as they are now."""
        with tenant_tx(self.tenant):
            total, judged = memory_totals()["memories"], judged_memories()
            return Response(
                {
                    "opinions": opinions(),
                    "total_memories": total,
                    "judged_memories": judged,
                    "judged_share": judged / total if total else 0.0,
                    "by_day": [{"date": day.isoformat(), **counts} for day, counts in opinions_by_day().items()],
                    "worst": [
                        {"memory_id": str(memory.id), "memory": memory.text, **counts}
                        for memory, counts in worst_memories()
                    ],
                    "open_reviews": reviews(state=ReviewState.OPEN, kind=ReviewKind.FEEDBACK).count(),
                }
            )


def _read(asked: Mapping[str, Any]) -> Judgement:
    given = FeedbackInput(data=asked)
    if not given.is_valid() and "memory_id" in given.errors:
        raise DomainError(INVALID_ID, body={"error": INVALID_ID})
    given.is_valid(raise_exception=True)
    return given.judgement()


def _feedback_json(feedback: Feedback) -> dict[str, Any]:
    return {"id": str(feedback.id), "feedback": feedback.opinion or None, "feedback_reason": feedback.reason or None}
