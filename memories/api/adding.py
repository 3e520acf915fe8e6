"""Adds: v3, and v1 for older clients (contract.md §5.1, §5.7)."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar
from uuid import UUID

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request

from loci.errors import DomainError
from loci.http.aliases import normalise
from loci.http.idempotency import STILL_RUNNING, Idempotency, idempotency_of, replayed, wait_for_answer, when_free
from loci.http.parser import body_of
from loci.http.renderer import dump_json
from loci.net.endpoint import endpoint
from loci.tenancy.context import tenant_tx
from memories.api.answers.adds import ADD_V1, AddAnswer
from memories.api.media import MAX_BODY_WITH_FILES, check_size, room_for
from memories.api.serializers import AddInput
from memories.api.waiting import place, run_now, wait_for
from memories.api.wire import QUEUED
from memories.models import OPEN_STATUSES, Event, EventStatus
from memories.provenance import Author
from memories.scope import Scope
from memories.services.accepting import Accepted, accept_add
from orgs.api.base import ProjectView
from workers.allowance import allowance
from workers.tasks.add import ADD

logger = logging.getLogger(__name__)

BAD_ADD = (
    "Invalid input data. Please refer to the memory creation documentation at"
    " https://docs.mem0.ai/platform/quickstart#4-1-create-memories for correct formatting and required fields."
)
NOT_BOUND_TO = "This API key is bound to one {kind}: name it in {kind}_id."
DONE_MESSAGE = {
    EventStatus.SUCCEEDED: "Memories stored successfully",
    EventStatus.FAILED: "The memories could not be stored.",
}


def _length(request: Request | HttpRequest) -> int:
    return int(request.META.get("CONTENT_LENGTH") or 0)


class AddView(ProjectView):
    """Takes a conversation and answers with its memories, or with the event under which they will come."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": "memories:write"}
    rates: ClassVar[Mapping[str, str]] = {"POST": "add"}
    for_bound_keys = frozenset({"POST"})
    max_body_bytes = MAX_BODY_WITH_FILES

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Lets a large body wait for room before any of it is read."""
        with room_for(_length(request)):
            return super().dispatch(request, *args, **kwargs)

    @extend_schema(
        summary="Add memories",
        description=(
            "Stores a conversation and extracts what is worth keeping. Asynchronous unless `async_mode` is false or"
            " `infer` is false: it may wait a moment for its result, as the project is set, and else answers PENDING;"
            " follow the returned event at `/v1/event/{event_id}/`. A synchronous add answers PENDING, too, when a"
            " model fails and a worker is to try again."
        ),
        request=AddInput,
        responses=AddAnswer,
        tags=["memories"],
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Accepts the add, and where the caller wants that, waits for it."""
        given = self._read(request)
        key = idempotency_of(request, self.tenant)
        add = given.add_request(self.caller.here.attribution, Author.of(self.caller))
        self._check_binding(add.scope)
        self.log.entity = add.scope.lane
        if add.infer and endpoint() is not None:
            self._check_allowance(key)
        waits = not given.validated_data.get("async_mode", not self.waits_by_default)
        runs_here = waits or not add.infer
        with place(needed=runs_here and add.infer):
            accepted = when_free(lambda: accept_add(self.tenant, add, key=key, run_here=runs_here))
            if accepted.is_replay and key is not None:
                is_soon = not runs_here and self.caller.here.add_wait_ms == 0
                return self._replay(key, given.validated_data, is_soon=is_soon)
            event = self._outcome(accepted, runs_here=runs_here)
        body = dump_json(self.answer(event, given.validated_data))
        self._remember(key, body)
        return HttpResponse(body, content_type="application/json")

    def _check_binding(self, scope: Scope) -> None:
        """Raises `DomainError` (403) where the key is bound to an entity that the add does not name."""
        bound_to = self.tenant.entity
        if bound_to and not scope.includes(bound_to):
            self.permission_denied(self.request, NOT_BOUND_TO.format(kind=bound_to.partition(":")[0]))

    def _check_allowance(self, key: Idempotency | None) -> None:
        """Raises `DomainError` (429) where no tokens are left, but not for what was accepted before."""
        try:
            allowance().check(self.tenant)
        except DomainError as refused:
            if key is None or key.find(self.tenant) is None:
                self.headers.update(refused.headers)  # Else those of the plan's rate would go before.
                raise

    @property
    def waits_by_default(self) -> bool:
        """Tells whether an add that does not say so waits for its memories."""
        return False

    def _read(self, request: Request) -> AddInput:
        # version and api_version, output options and the like of older clients are accepted and mean nothing here.
        body = normalise(body_of(request))
        check_size(_length(request), body.get("messages"))
        given = AddInput(data=body)
        given.is_valid(raise_exception=True)
        return given

    def _outcome(self, accepted: Accepted, *, runs_here: bool) -> Event:
        """What was accepted is stored: a database that fails now must not make the client send it again."""
        try:
            return self._follow(accepted, runs_here=runs_here)
        except DatabaseError:
            if accepted.event is None:
                raise
            logger.warning("add.outcome_unknown")
            return accepted.event

    def _follow(self, accepted: Accepted, *, runs_here: bool) -> Event:
        if runs_here and accepted.job_id is not None:
            return run_now(ADD, self.tenant, accepted)
        return wait_for(self.tenant, accepted, self.caller.here.add_wait_ms)

    def _replay(self, key: Idempotency, given: Mapping[str, Any], *, is_soon: bool) -> HttpResponseBase:
        """The earlier answer. One that was never kept is given anew, once: whoever was to give it has died."""
        earlier = wait_for_answer(key, self.tenant, is_soon=is_soon)
        if earlier is not None and earlier.body:
            return replayed(earlier.body)
        event = self._event(earlier.subject_id) if earlier is not None else None
        if event is None or event.status in OPEN_STATUSES:
            raise DomainError(STILL_RUNNING, status=409)
        body = dump_json(self.answer(event, given))
        self._remember(key, body)
        return replayed(body)

    def _event(self, event_id: UUID) -> Event:
        with tenant_tx(self.tenant):
            event: Event = Event.objects.get(id=event_id)
            return event

    def _remember(self, key: Idempotency | None, body: bytes) -> None:
        if key is not None:
            with suppress(DatabaseError):
                key.remember(self.tenant, 200, body)

    def answer(self, event: Event, given: Mapping[str, Any]) -> Any:
        """Returns the reply of contract.md §5.7: queued, or done with its results."""
        done = DONE_MESSAGE.get(EventStatus(event.status))
        row: dict[str, Any] = {
            "message": done or QUEUED,
            "status": event.status if done else EventStatus.PENDING,
            "event_id": str(event.id),
            "results": event.results,
        }
        if event.error:
            row["error"] = event.error
        return row


@extend_schema_view(post=extend_schema(summary="Add memories (v1)", responses=ADD_V1, deprecated=True))
class AddV1View(AddView):
    """The add of clients before 2.0, with their two shapes of an answer."""

    @property
    def waits_by_default(self) -> bool:
        """Returns the project's setting: clients up to 0.1.118 were written for adds that wait (contract.md §5.1)."""
        return self.caller.here.v1_is_synchronous

    def _read(self, request: Request) -> AddInput:
        try:
            return super()._read(request)
        except serializers.ValidationError as error:
            body = {"error": "400 Bad Request", "details": {"message": BAD_ADD, "fields": error.detail}}
            raise DomainError(BAD_ADD, body=body) from error

    def answer(self, event: Event, given: Mapping[str, Any]) -> Any:
        """Returns a list, or with `output_format` v1.1 an object of `results` and `relations` (contract.md §5.1)."""
        done = event.status in DONE_MESSAGE
        queued = {"message": QUEUED, "status": EventStatus.PENDING, "event_id": str(event.id)}
        items = event.results if done else [queued]
        return {"results": items, "relations": []} if given.get("output_format") == "v1.1" else items
