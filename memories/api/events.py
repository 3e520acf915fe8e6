"""Events: what became of asynchronous requests, and what else was asked for (contract.md §8)."""

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from loci.errors import DomainError
from loci.http.aliases import normalise
from loci.http.pagination import EventPages
from loci.tenancy.context import tenant_tx
from memories.api.address_parameters import EVENT_ID
from memories.api.answers.events import EventAnswer, EventsPageAnswer
from memories.api.serializers import EventsInput
from memories.api.wire import event_json
from memories.queries import event_of, events, events_of
from memories.retrieval.filters import fold, to_q
from orgs.api.base import ProjectView

INVALID_ID = "event_id should be a valid UUID"


class EventView(ProjectView):
    """One event."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "events:read"}
    for_bound_keys = frozenset({"GET"})

    @extend_schema(summary="Get an event", parameters=[EVENT_ID], responses=EventAnswer, tags=["events"])
    def get(self, _request: Request, event_id: str) -> Response:
        """Answers with status, results and the verdict on every fact."""
        try:
            wanted = UUID(event_id)
        except ValueError as error:
            raise DomainError(INVALID_ID, body={"error": INVALID_ID}) from error
        with tenant_tx(self.tenant):
            return Response(event_json(event_of(wanted)))


class EventsView(ProjectView):
    """The project's events, newest first."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "events:read"}
    for_bound_keys = frozenset({"GET"})

    @extend_schema(
        summary="List events",
        parameters=[EventsInput, *EventPages.parameters()],
        responses=EventsPageAnswer,
        tags=["events"],
    )
    def get(self, request: Request) -> Response:
        """Answers with one page of 50; the dates are inclusive."""
        given = EventsInput(data=normalise(request.query_params.dict()))
        given.is_valid(raise_exception=True)
        exact = dict(given.validated_data)
        dates = {name: exact.pop(name) for name in ("start_date", "end_date") if name in exact}
        pages = EventPages()
        with tenant_tx(self.tenant):
            page = pages.paginate_queryset(events(to_q(fold(dates)), **exact), request, view=self)
            rows = events_of(page or [])
        return pages.get_paginated_response([event_json(row) for row in rows])
