"""What addresses of the control plane say: ids, and which ones a list is to show."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from loci.http.aliases import normalise

ORG_ID = OpenApiParameter("org_id", str, OpenApiParameter.PATH, description="The organization's id: `org_…`.")
PROJECT_ID = OpenApiParameter("project_id", str, OpenApiParameter.PATH, description="The project's id: `proj_…`.")


class DeletedInput(serializers.Serializer[Any]):
    """Whether a list is to show what was deleted."""

    deleted = serializers.BooleanField(
        default=False, help_text="`true` lists those instead that were deleted and that you may restore."
    )


def wants_deleted(request: Request) -> bool:
    """Tells what `deleted` says. Raises `ValidationError` for what is neither true nor false."""
    given = DeletedInput(data=normalise(request.query_params.dict()))
    given.is_valid(raise_exception=True)
    return bool(given.validated_data["deleted"])
