"""Facts in quarantine (reliability.md §2.11): listed, released or discarded. Loci's own, beside the contract."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from loci.errors import DomainError
from loci.http.pagination import PAGING, Pages
from loci.http.renderer import moment
from loci.tenancy.context import tenant_tx
from memories.api.address_parameters import QUARANTINE_ID
from memories.api.answers.base import MessageAnswer
from memories.api.answers.quarantine import QuarantinePageAnswer, ReleasedAnswer
from memories.lifecycle.quarantine import undecided
from memories.models import Quarantined
from memories.resolution.verdicts import Verdict, results_of
from memories.services.quarantine import Prepared, discard_one, prepare_release, release
from orgs import audit
from orgs.api.base import ProjectView

INVALID_ID = "quarantine_id should be a valid UUID"
RELEASED = "The fact was released."
DISCARDED = "The fact was discarded."


class QuarantineView(ProjectView):
    """The facts that wait."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "memories:read"}
    for_bound_keys = frozenset({"GET"})

    @extend_schema(
        summary="List the quarantine",
        description="Facts that read like instructions and wait for a decision, newest first; no memories yet.",
        parameters=PAGING,
        responses=QuarantinePageAnswer,
        tags=["memories"],
    )
    def get(self, request: Request) -> Response:
        """Answers with one page."""
        pages = Pages()
        with tenant_tx(self.tenant):
            rows = pages.paginate_queryset(undecided(), request, view=self) or []
        return pages.get_paginated_response([_quarantined_json(row) for row in rows])


class QuarantinedView(ProjectView):
    """One fact that waits."""

    scopes: ClassVar[Mapping[str, str]] = {"DELETE": "memories:delete"}

    @extend_schema(
        summary="Discard a quarantined fact",
        description="Its text is gone; its event still says that there was one.",
        parameters=[QUARANTINE_ID],
        responses=MessageAnswer,
        tags=["memories"],
    )
    def delete(self, request: Request, quarantine_id: str) -> HttpResponse:
        """Discards the fact."""
        wanted = _read_id(quarantine_id)
        return self.once(lambda: self._discard(wanted), lambda _: {"message": DISCARDED})

    def _discard(self, wanted: UUID) -> None:
        with tenant_tx(self.tenant):
            discard_one(self.tenant, wanted)
            audit.record(self.caller, "quarantine.discard", "fact", wanted)


class ReleaseView(ProjectView):
    """The way out of the quarantine."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": "memories:write"}

    @extend_schema(
        summary="Release a quarantined fact",
        description=(
            "Resolves the fact as its add would have, with that add's time and provenance, and answers with what became"
            " of it. While an add about the same entity is at work it answers 409."
        ),
        parameters=[QUARANTINE_ID],
        request=None,
        responses=ReleasedAnswer,
        tags=["memories"],
    )
    def post(self, request: Request, quarantine_id: str) -> HttpResponse:
        """Releases the fact."""
        wanted = _read_id(quarantine_id)
        if replay := self.replay():
            return replay
        prepared = prepare_release(self.tenant, wanted)
        return self.once(
            lambda: self._release(prepared),
            lambda verdict: {"message": RELEASED, "results": results_of([verdict])},
            about=lambda verdict: verdict.memory_id or wanted,
        )

    def _release(self, prepared: Prepared) -> Verdict:
        with tenant_tx(self.tenant):
            verdict = release(self.tenant, prepared)
            audit.record(
                self.caller, "quarantine.release", "fact", prepared.quarantine_id, memory=str(verdict.memory_id)
            )
            return verdict


def _read_id(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError as error:
        raise DomainError(INVALID_ID, body={"error": INVALID_ID}) from error


def _quarantined_json(row: Quarantined) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "memory": row.fact["text"],
        "user_id": row.user_id,
        "agent_id": row.agent_id,
        "app_id": row.app_id,
        "run_id": row.run_id,
        "event_id": str(row.event_id),
        "speaker": row.fact["speaker"],
        "trust": row.fact["trust"],
        "flags": row.flags,
        "reason": row.reason,
        "created_at": moment(row.created_at),
    }
