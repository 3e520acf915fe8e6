"""What signs a webhook's messages: shown, and replaced (reliability.md §2.6). Loci's own, beside the contract."""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from webhooks.api.base import TAGS, WEBHOOK_ID, EndpointView, read
from webhooks.api.serializers import RotatedSecretAnswer, SecretAnswer, SecretRotationInput, secrets_json
from webhooks.services.endpoints import rotate_secret, show_secrets


@extend_schema_view(
    get=extend_schema(
        summary="Show a webhook's secret",
        description="And the old ones that still sign. The audit log says that you asked.",
        parameters=[WEBHOOK_ID],
        responses=SecretAnswer,
        tags=TAGS,
    )
)
class SecretView(EndpointView):
    """The secrets of a webhook."""

    def get(self, _request: Request, webhook_id: str) -> Response:
        """Answers with them."""
        return Response(secrets_json(webhook_id, show_secrets(self.caller, webhook_id)))


@extend_schema_view(
    post=extend_schema(
        summary="Rotate a webhook's secret",
        description=(
            "The answer shows the new secret. For `overlap_hours` each message has a signature by the old ones too, so"
            " that a receiver can change over at any time; with 0 the old ones end at once."
        ),
        parameters=[WEBHOOK_ID],
        request=SecretRotationInput,
        responses=RotatedSecretAnswer,
        tags=TAGS,
    )
)
class RotationView(EndpointView):
    """The rotation of a webhook's secret."""

    def post(self, request: Request, webhook_id: str) -> HttpResponse:
        """Makes a new secret."""
        overlap = read(SecretRotationInput, request).overlap()
        return self.shown_once(
            lambda: rotate_secret(self.caller, webhook_id, overlap=overlap),
            lambda _: {"webhook_id": webhook_id},
            lambda secret: secret.text,
        )
