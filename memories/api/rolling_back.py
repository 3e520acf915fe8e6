"""Taking back all that came from one source (reliability.md §2.11): Loci's own, beside the contract."""

from collections.abc import Mapping
from datetime import time
from typing import Any, ClassVar

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loci.errors import DomainError
from loci.http.aliases import normalise
from loci.http.parser import body_of
from loci.tenancy.context import tenant_tx
from memories.api.answers.rolling_back import RollbackAnswer
from memories.api.description import example
from memories.api.fields import MAX_ID, UuidField
from memories.api.serializers import Input
from memories.api.waiting import run_if_free
from memories.lifecycle.sources import Source
from memories.provenance import Author
from memories.retrieval.filters.request import read_moment
from memories.services.accepting import Accepted
from memories.services.rolling_back import accept_rollback, preview
from orgs import audit
from orgs.api.base import ProjectView
from workers.tasks.rollback import ROLLBACK

NO_SOURCE = "At least one of event_id, key_id, actor_id, speaker, start_date and end_date is required."
ROLLING_BACK = "Rollback in progress. This may take some time."


@example({"key_id": "1f0e2f9a-6d3a-4a0e-9d58-0a52b7c4d2f1", "start_date": "2026-01-15", "dry_run": True})
class RollbackInput(Input):
    """The source of what is to be taken back: all that are given, together."""

    event_id = UuidField(required=False, help_text="The add, by its event.")
    key_id = UuidField(required=False, help_text="The API key with which it was asked for.")
    actor_id = UuidField(required=False, help_text="The person for whom the caller acted.")
    speaker = serializers.CharField(required=False, max_length=MAX_ID, help_text="The `name` of who said it.")
    start_date = serializers.CharField(
        required=False, max_length=64, help_text="The first day or moment at which it was asked for, inclusive."
    )
    end_date = serializers.CharField(
        required=False, max_length=64, help_text="The last day or moment at which it was asked for, inclusive."
    )
    dry_run = serializers.BooleanField(default=False, help_text="Only tell what would change.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuses what would be everything."""
        if not attrs.keys() - {"dry_run"}:
            raise serializers.ValidationError(NO_SOURCE)
        return attrs

    def asked_source(self) -> Source:
        """Returns the source that is meant; raises `DomainError` (400) for dates that are none."""
        given = self.validated_data
        days = {"start_date": ("start", time.min), "end_date": ("end", time.max)}
        times: dict[str, Any] = {
            name: read_moment(asked, given[asked], of_day) for asked, (name, of_day) in days.items() if asked in given
        }
        if len(times) == 2 and times["start"] > times["end"]:
            raise DomainError("start_date is after end_date.")
        names = ("event_id", "key_id", "actor_id", "speaker")
        return Source(**{name: given[name] for name in names if name in given}, **times)


class RollbackView(ProjectView):
    """Takes back what one source said. Not for keys that are bound: a source may have spoken of anybody."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": "memories:delete"}

    @extend_schema(
        summary="Roll back a source",
        description=(
            "Takes back everything that came from one add, one API key, one person, one speaker or one time, or"
            " several of these together. Memories that came from there alone are forgotten; those that it changed say"
            " again what they said before; those that it made untrue are true again. `dry_run` only counts. The event"
            " tells when it is done, and how much it was; adds of the source that are yet to be done are stopped."
        ),
        request=RollbackInput,
        responses=RollbackAnswer,
        tags=["memories"],
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Accepts the rollback, or answers with what it would change."""
        given = RollbackInput(data=normalise(body_of(request)))
        given.is_valid(raise_exception=True)
        source = given.asked_source()
        if given.validated_data["dry_run"]:
            return Response({"dry_run": True, **preview(self.tenant, source)})
        return self._roll_back(source)

    def _roll_back(self, source: Source) -> HttpResponse:
        return self.once(
            lambda: self._accept(source),
            lambda accepted: {"message": ROLLING_BACK, "event_id": str(accepted.event_id)},
            then=self._run,
        )

    def _accept(self, source: Source) -> Accepted:
        with tenant_tx(self.tenant):
            accepted = accept_rollback(self.tenant, source, by=Author.of(self.caller))
            audit.record(self.caller, "memory.rollback", "event", accepted.event_id, **source.noted())
            return accepted

    def _run(self, accepted: Accepted) -> None:
        run_if_free(ROLLBACK, self.tenant, accepted)
