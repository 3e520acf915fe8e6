"""What a webhook was sent: the log, and sending again (reliability.md §2.6). Loci's own, beside the contract."""

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from loci.http.aliases import normalise
from loci.http.pagination import PAGING, Pages
from loci.tenancy.context import tenant_tx
from webhooks.api.base import TAGS, WEBHOOK_ID, EndpointView, read
from webhooks.api.serializers import (
    DeliveriesInput,
    DeliveriesPageAnswer,
    DeliveryAnswer,
    LoggedDeliveryAnswer,
    WebhookReplayedAnswer,
    WebhookReplayInput,
    attempt_json,
    delivery_json,
)
from webhooks.queries import attempts_of, deliveries_of, find_delivery, find_endpoint
from webhooks.services.replaying import replay_failed, replay_one, send_test

MESSAGE_ID = OpenApiParameter("message_id", str, OpenApiParameter.PATH, description="The message's id: `msg_…`.")


@extend_schema_view(
    get=extend_schema(
        summary="List a webhook's messages",
        description="What it was sent, or is to be sent, of the last 30 days, newest first.",
        parameters=[WEBHOOK_ID, DeliveriesInput, *PAGING],
        responses=DeliveriesPageAnswer,
        tags=TAGS,
    )
)
class DeliveriesView(EndpointView):
    """The messages to a webhook."""

    def get(self, request: Request, webhook_id: str) -> Response:
        """Answers with one page."""
        asked = DeliveriesInput(data=normalise(request.query_params.dict()))
        asked.is_valid(raise_exception=True)
        pages = Pages()
        with tenant_tx(self.tenant):
            found = deliveries_of(find_endpoint(webhook_id), **asked.validated_data)
            rows = pages.paginate_queryset(found, request, view=self) or []
        return pages.get_paginated_response([delivery_json(row) for row in rows])


@extend_schema_view(
    get=extend_schema(
        summary="Get one of a webhook's messages",
        description="With its body, and what became of each attempt.",
        parameters=[WEBHOOK_ID, MESSAGE_ID],
        responses=LoggedDeliveryAnswer,
        tags=TAGS,
    )
)
class DeliveryView(EndpointView):
    """One message to a webhook."""

    def get(self, _request: Request, webhook_id: str, message_id: str) -> Response:
        """Answers with the message."""
        with tenant_tx(self.tenant):
            delivery = find_delivery(find_endpoint(webhook_id), message_id)
            log = [attempt_json(attempt) for attempt in attempts_of(delivery)]
        return Response({**delivery_json(delivery), "body": delivery.body, "log": log})


@extend_schema_view(
    post=extend_schema(
        summary="Replay one of a webhook's messages",
        description="Sends it again under the same id. 409 while it is being sent, or the webhook is not active.",
        parameters=[WEBHOOK_ID, MESSAGE_ID],
        request=None,
        responses=DeliveryAnswer,
        tags=TAGS,
    )
)
class DeliveryReplayView(EndpointView):
    """The replay of one message."""

    def post(self, _request: Request, webhook_id: str, message_id: str) -> HttpResponse:
        """Sends it again."""
        return self.once(lambda: replay_one(self.caller, webhook_id, message_id), delivery_json)


@extend_schema_view(
    post=extend_schema(
        summary="Replay a webhook's failed messages",
        description=(
            "Sends again, each under the same id, what was given up of all that was told since then. 409 where the"
            " webhook is not active."
        ),
        parameters=[WEBHOOK_ID],
        request=WebhookReplayInput,
        responses=WebhookReplayedAnswer,
        tags=TAGS,
    )
)
class ReplayView(EndpointView):
    """The replay of all messages that failed."""

    def post(self, request: Request, webhook_id: str) -> HttpResponse:
        """Sends them again."""
        since = read(WebhookReplayInput, request).validated_data["since"]
        return self.once(
            lambda: replay_failed(self.caller, webhook_id, since),
            lambda done: {"replayed": done.replayed, "left": done.left},
        )


@extend_schema_view(
    post=extend_schema(
        summary="Test a webhook",
        description="Sends a message that tells of nothing. 409 where the webhook is not active.",
        parameters=[WEBHOOK_ID],
        request=None,
        responses={201: DeliveryAnswer},
        tags=TAGS,
    )
)
class TestView(EndpointView):
    """A message to try a webhook out."""

    def post(self, _request: Request, webhook_id: str) -> HttpResponse:
        """Sends it."""
        return self.once(lambda: send_test(self.caller, webhook_id), delivery_json, status=201)
