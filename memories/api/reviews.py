"""What is asked about memories: listed, decided and undone. Loci's own, beside the contract."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loci.errors import DomainError
from loci.http.aliases import normalise
from loci.http.pagination import PAGING, Pages
from loci.http.parser import body_of
from loci.http.renderer import moment
from loci.tenancy.context import tenant_tx
from memories.api.address_parameters import REVIEW_ID
from memories.api.answers.reviews import SHOWN_STATES, STATE, DecidedAnswer, ReviewAnswer, ReviewPageAnswer
from memories.api.description import example
from memories.api.memories import normalise_edit
from memories.api.serializers import MAX_EDITED, Input, ScopeInput
from memories.models import Review, ReviewKind, ReviewState
from memories.provenance import Author
from memories.reviews import OUTDATED, Thought, review_of, reviews, thoughts_on
from memories.services.reviewing import approve, edit, prepare_edit, prepare_undo, reject, undo
from memories.wire import memory_json
from orgs import audit
from orgs.api.base import ProjectView

INVALID_ID = "review_id should be a valid UUID"
CONFLICTS = "Answers 409 where it is decided already, or a memory of it has changed since it was asked."
DONE = {
    (ReviewKind.FEEDBACK, ReviewState.APPROVED): "The memory stays as it is.",
    (ReviewKind.FEEDBACK, ReviewState.EDITED): "The memory was changed.",
    (ReviewKind.FEEDBACK, ReviewState.REJECTED): "The memory is hidden.",
    (ReviewKind.DUPLICATE, ReviewState.APPROVED): "The memories were merged.",
    (ReviewKind.DUPLICATE, ReviewState.EDITED): "The memories were merged and changed.",
    (ReviewKind.DUPLICATE, ReviewState.REJECTED): "The memories stay apart.",
}
UNDONE = "The decision was undone."


def _choice(choices: list[str], says: str) -> serializers.ChoiceField:
    allowed = f"Must be one of {', '.join(choices)}."
    return serializers.ChoiceField(
        choices=choices, required=False, help_text=says, error_messages={"invalid_choice": allowed}
    )


class ReviewsInput(ScopeInput):
    """How the list may be narrowed: by whose memories they are about, and these."""

    state = _choice(SHOWN_STATES, STATE)
    kind = _choice(ReviewKind.values, "Why it is asked.")


@example({"text": "Lives in Oslo"})
class ReviewEditInput(Input):
    """What the memory is to say."""

    text = serializers.CharField(max_length=MAX_EDITED, help_text="What it is to say; `message` is its older name.")


class ReviewsView(ProjectView):
    """What is asked, and was."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "memories:read"}
    for_bound_keys = frozenset({"GET"})

    @extend_schema(
        summary="List reviews",
        description=(
            "Memories that somebody should look at, newest first: those that people find bad, where the project's"
            " `review_negative_feedback` wants that, and those that say the same, where its `consolidation` does."
        ),
        parameters=[ReviewsInput, *PAGING],
        responses=ReviewPageAnswer,
        tags=["reviews"],
    )
    def get(self, request: Request) -> Response:
        """Answers with one page."""
        given = ReviewsInput(data=normalise(request.query_params.dict()))
        given.is_valid(raise_exception=True)
        pages = Pages()
        with tenant_tx(self.tenant):
            page = pages.paginate_queryset(reviews(**given.validated_data), request, view=self) or []
            thoughts = thoughts_on(page)
        return pages.get_paginated_response([_review_json(row, thoughts.get(row.id)) for row in page])


class ReviewView(ProjectView):
    """One review."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "memories:read"}
    for_bound_keys = frozenset({"GET"})

    @extend_schema(
        summary="Get a review",
        description="With its memories as they are now, and what people think of them.",
        parameters=[REVIEW_ID],
        responses=ReviewAnswer,
        tags=["reviews"],
    )
    def get(self, _request: Request, review_id: str) -> Response:
        """Answers with the review."""
        wanted = _read_id(review_id)
        with tenant_tx(self.tenant):
            review = review_of(wanted)
            thoughts = thoughts_on([review])
        return Response(_review_json(review, thoughts.get(review.id)))


class _DecisionView(ProjectView):
    scopes: ClassVar[Mapping[str, str]] = {"POST": "memories:write"}

    def decided(self, decide: Callable[[Author], Review]) -> HttpResponse:
        """Makes the decision, notes it in the audit log and answers with it."""
        return self.once(lambda: self._audited(decide), _decided_json)

    def _audited(self, decide: Callable[[Author], Review]) -> Review:
        with tenant_tx(self.tenant):
            review = decide(Author.of(self.caller))
            self.log.memory_ids = [review.memory_id]
            audit.record(self.caller, f"review.{_VERBS[review.state]}", "review", review.id, kind=review.kind)
            return review


_VERBS: dict[str, str] = {
    ReviewState.APPROVED: "approve",
    ReviewState.EDITED: "edit",
    ReviewState.REJECTED: "reject",
    ReviewState.UNDONE: "undo",
}


class ApproveView(_DecisionView):
    """Approval."""

    @extend_schema(
        summary="Approve a review",
        description=f"What people find bad stays as it is; of two that say the same, one is merged. {CONFLICTS}",
        parameters=[REVIEW_ID],
        request=None,
        responses=DecidedAnswer,
        tags=["reviews"],
    )
    def post(self, _request: Request, review_id: str) -> HttpResponse:
        """Approves."""
        wanted = _read_id(review_id)
        return self.decided(lambda by: approve(self.tenant, wanted, by=by))


class EditView(_DecisionView):
    """Another text."""

    @extend_schema(
        summary="Edit a reviewed memory",
        description=f"Gives the memory another text, as an update does; duplicates are also merged. {CONFLICTS}",
        parameters=[REVIEW_ID],
        request=ReviewEditInput,
        responses=DecidedAnswer,
        tags=["reviews"],
    )
    def post(self, request: Request, review_id: str) -> HttpResponse:
        """Changes the memory."""
        wanted = _read_id(review_id)
        given = ReviewEditInput(data=normalise_edit(body_of(request)))
        given.is_valid(raise_exception=True)
        if replay := self.replay():
            return replay
        prepared = prepare_edit(self.tenant, wanted, given.validated_data["text"])
        return self.decided(lambda by: edit(self.tenant, wanted, prepared, by=by))


class RejectView(_DecisionView):
    """Rejection."""

    @extend_schema(
        summary="Reject a review",
        description=(
            "What people find bad is hidden from lists and searches, until that is undone; two that were said to be"
            f" the same stay apart and are not asked about again. {CONFLICTS}"
        ),
        parameters=[REVIEW_ID],
        request=None,
        responses=DecidedAnswer,
        tags=["reviews"],
    )
    def post(self, _request: Request, review_id: str) -> HttpResponse:
        """Rejects."""
        wanted = _read_id(review_id)
        return self.decided(lambda by: reject(self.tenant, wanted, by=by))


class UndoView(_DecisionView):
    """The way back."""

    @extend_schema(
        summary="Undo the decision on a review",
        description=(
            "Takes back exactly what was decided, by somebody or by the project's policy. Answers 409 where nothing is"
            " decided, or a memory of it has changed since."
        ),
        parameters=[REVIEW_ID],
        request=None,
        responses=DecidedAnswer,
        tags=["reviews"],
    )
    def post(self, _request: Request, review_id: str) -> HttpResponse:
        """Undoes the decision."""
        wanted = _read_id(review_id)
        if replay := self.replay():
            return replay
        prepared = prepare_undo(self.tenant, wanted)
        return self.decided(lambda by: undo(self.tenant, prepared, by=by))


def _read_id(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError as error:
        raise DomainError(INVALID_ID, body={"error": INVALID_ID}) from error


def _review_json(review: Any, thought: Thought | None) -> dict[str, Any]:
    is_outdated = review.state == ReviewState.OPEN and not review.stands
    return {
        "id": str(review.id),
        "kind": review.kind,
        "state": OUTDATED if is_outdated else review.state,
        "reason": review.reason,
        "memory": memory_json(review.memory),
        "duplicate": memory_json(review.other) if review.other else None,
        "opinions": thought.counts if thought else None,
        "feedback_reasons": thought.reasons if thought else [],
        "created_at": moment(review.created_at),
        "decided_at": moment(review.decided_at) if review.decided_at else None,
        "decided_by": str(review.decided_by) if review.decided_by else None,
    }


def _decided_json(review: Review) -> dict[str, Any]:
    kind, state = ReviewKind(review.kind), ReviewState(review.state)
    return {
        "message": UNDONE if state == ReviewState.UNDONE else DONE[kind, state],
        "id": str(review.id),
        "state": review.state,
        "memory_id": str(review.memory_id),
        "duplicate_id": str(review.other_id) if review.other_id else None,
    }
