"""What a key says of itself."""

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from orgs.api.base import ProjectView

PING = inline_serializer(
    "Ping",
    {
        "status": serializers.CharField(),
        "org_id": serializers.CharField(),
        "project_id": serializers.CharField(),
        "user_email": serializers.EmailField(),
    },
)


class PingView(ProjectView):
    """Validates a key: every client calls this when it is made."""

    @extend_schema(summary="Validate the API key", responses=PING, tags=["keys"])
    def get(self, request: Request) -> Response:
        """Answers with the four keys that clients need (contract.md §5.0)."""
        return Response(
            {
                "status": "ok",
                "org_id": self.caller.org_public_id,
                "project_id": self.caller.project_public_id,
                "user_email": self.caller.user_email,
            }
        )
