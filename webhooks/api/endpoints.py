"""Webhooks: list, make, get, change, delete (contract.md §11)."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from loci.tenancy.context import tenant_tx
from orgs.api.base import ABSENT
from webhooks.api.base import TAGS, WEBHOOK_ID, EndpointView, Json, read
from webhooks.api.serializers import (
    NewWebhookAnswer,
    WebhookAnswer,
    WebhookChangedAnswer,
    WebhookChangeInput,
    WebhookDeletedAnswer,
    WebhookInput,
    webhook_json,
)
from webhooks.models import WebhookEndpoint
from webhooks.queries import endpoints, find_endpoint, owners_of
from webhooks.services.endpoints import Changed, change_endpoint, create_endpoint, delete_endpoint

PROJECT_ID = OpenApiParameter(
    "project_id", str, OpenApiParameter.PATH, description="The project's id: `proj_…`, or `null` for the key's own."
)
UPDATED = "Webhook updated successfully"
DELETED = "Webhook deleted successfully"


class _DescribedView(EndpointView):
    def described(self, rows: Sequence[WebhookEndpoint]) -> list[Json]:
        """Returns webhooks as they are shown."""
        owners, project = owners_of(rows), self.caller.here.project_name
        return [webhook_json(row, owner=owners.get(row.id, ""), project=project) for row in rows]


@extend_schema_view(
    get=extend_schema(
        summary="List the webhooks",
        description="All webhooks of the project, the oldest first.",
        parameters=[PROJECT_ID],
        responses=WebhookAnswer(many=True),
        tags=TAGS,
    ),
    post=extend_schema(
        summary="Make a webhook",
        description=(
            "A project may have 20. Messages are signed as Standard Webhooks says, with the `secret` in this answer."
        ),
        parameters=[PROJECT_ID],
        request=WebhookInput,
        responses={201: NewWebhookAnswer},
        tags=TAGS,
    ),
)
class WebhooksView(_DescribedView):
    """The webhooks of a project."""

    forbidden = "You don't have access to this project"

    def selections(self) -> Iterator[dict[str, Any]]:
        """Yields also the project in the address: clients without ids write `null` there."""
        named = self.kwargs["project_id"]
        yield {} if named in ABSENT else {"project_id": named}
        yield from super().selections()

    def get(self, _request: Request, **_: str) -> Response:
        """Answers with all of them."""
        with tenant_tx(self.tenant):
            return Response(self.described(list(endpoints())))

    def post(self, request: Request, **_: str) -> HttpResponse:
        """Makes one."""
        given = read(WebhookInput, request).validated_data
        return self.shown_once(
            lambda: create_endpoint(self.caller, **given),
            lambda new: self.described([new.row])[0],
            lambda new: new.secret,
            status=201,
        )


@extend_schema_view(
    get=extend_schema(
        summary="Get a webhook",
        description="How it is, and since when it fails.",
        parameters=[WEBHOOK_ID],
        responses=WebhookAnswer,
        tags=TAGS,
    ),
    put=extend_schema(
        summary="Change a webhook",
        description=(
            "What is left out stays. One that is made inactive gives up what it was still to be sent; made active again"
            " it begins anew, and the answer says how many messages of the last 30 days a replay would send."
        ),
        parameters=[WEBHOOK_ID],
        request=WebhookChangeInput,
        responses=WebhookChangedAnswer,
        tags=TAGS,
    ),
    delete=extend_schema(
        summary="Delete a webhook",
        description="Nothing more is sent to it, and its secrets are gone.",
        parameters=[WEBHOOK_ID],
        responses=WebhookDeletedAnswer,
        tags=TAGS,
    ),
)
class WebhookView(_DescribedView):
    """One webhook."""

    def get(self, _request: Request, webhook_id: str) -> Response:
        """Answers with it."""
        with tenant_tx(self.tenant):
            return Response(self.described([find_endpoint(webhook_id)])[0])

    def put(self, request: Request, webhook_id: str) -> HttpResponse:
        """Changes it."""
        given = read(WebhookChangeInput, request).validated_data
        return self.once(lambda: change_endpoint(self.caller, webhook_id, given), _changed_json)

    def delete(self, _request: Request, webhook_id: str) -> HttpResponse:
        """Deletes it."""
        return self.once(lambda: delete_endpoint(self.caller, webhook_id), lambda _: {"message": DELETED})


def _changed_json(changed: Changed) -> Json:
    replayable = {} if changed.replayable is None else {"replayable": changed.replayable}
    return {"message": UPDATED, **replayable}
