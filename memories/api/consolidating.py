"""Looking for memories that say the same (design.md §3): Loci's own, beside the contract."""

from collections.abc import Mapping
from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from loci.http.aliases import normalise
from loci.http.parser import body_of
from loci.tenancy.context import tenant_tx
from memories.api.answers.base import MessageAnswer
from memories.api.description import example
from memories.api.serializers import ScopeInput
from memories.scope import Scope
from memories.services.consolidating import accept_consolidation
from orgs import audit
from orgs.api.base import ProjectView
from workers.doorbell import announce
from workers.models import Job

CONSOLIDATING = "Consolidation in progress. This may take some time."


@example({"user_id": "alex"})
class ConsolidationInput(ScopeInput):
    """Whose memories are looked at: those that have all ids that are given, or all of the project."""


class ConsolidationView(ProjectView):
    """Starts a consolidation."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": "memories:write"}

    @extend_schema(
        summary="Consolidate memories",
        description=(
            "Looks in the background for memories of the same entities that say the same, among all that there are."
            " What is found is proposed in a review, or merged, as the project's `consolidation` says; where that is"
            " `off` it answers 400."
        ),
        request=ConsolidationInput,
        responses=MessageAnswer,
        tags=["memories"],
    )
    def post(self, request: Request) -> HttpResponse:
        """Accepts the consolidation."""
        given = ConsolidationInput(data=normalise(body_of(request)))
        given.is_valid(raise_exception=True)
        within = given.scope()
        return self.once(lambda: self._accept(within), lambda _: {"message": CONSOLIDATING}, then=self._ring)

    def _accept(self, within: Scope) -> Job | None:
        with tenant_tx(self.tenant):
            job = accept_consolidation(self.tenant, within)
            audit.record(self.caller, "memory.consolidate", "job", job.id if job else "")
            return job

    def _ring(self, job: Job | None) -> None:
        if job is not None and job.published_at is not None:
            announce(self.tenant, job)
