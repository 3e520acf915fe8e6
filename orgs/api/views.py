"""What a key says of itself."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from orgs.api.base import ProjectView

_EXAMPLE = {"status": "ok", "org_id": "org_…", "project_id": "proj_…", "user_email": "owner@example.com"}


@extend_schema_serializer(examples=[OpenApiExample("Example", value=_EXAMPLE)])
class PingAnswer(serializers.Serializer[Any]):
    """What a key stands for, for its description."""

    status = serializers.CharField(help_text="`ok`.")
    org_id = serializers.CharField(help_text="The organization of the key.")
    project_id = serializers.CharField(help_text="The project of the key.")
    user_email = serializers.EmailField(help_text="Who the key acts for.")


class PingView(ProjectView):
    """Validates a key: every client calls this when it is made. A key of an organization is of no project."""

    needs_project = False
    for_bound_keys = frozenset({"GET"})

    @extend_schema(summary="Validate the API key", responses=PingAnswer, tags=["keys"])
    def get(self, request: Request) -> Response:
        """Answers with the four keys that clients need (contract.md §5.0)."""
        place = self.caller.here
        return Response(
            {
                "status": "ok",
                "org_id": place.org_public_id,
                "project_id": place.project_public_id,
                "user_email": self.caller.user_email,
            }
        )
