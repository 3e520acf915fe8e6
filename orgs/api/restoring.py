"""What was deleted is brought back while its data are still there."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request

from orgs.api.base import OrganizationView
from orgs.api.parameters import ORG_ID, PROJECT_ID
from orgs.services.deletion import restore_organization, restore_project

_WITHIN = (
    "Until its data are erased, which is `LOCI_RECOVERY_DAYS` (7) after the deletion. The list with `deleted=true`"
    " shows what can be restored. One that is not deleted stays as it is."
)


@extend_schema_serializer(
    examples=[OpenApiExample("Example", value={"message": "Project restored successfully.", "project_id": "proj_…"})]
)
class RestoredProjectAnswer(serializers.Serializer[Any]):
    """A project that is there again, for its description."""

    message = serializers.CharField()
    project_id = serializers.CharField()


@extend_schema_serializer(
    examples=[OpenApiExample("Example", value={"message": "Organization restored successfully.", "org_id": "org_…"})]
)
class RestoredOrganizationAnswer(serializers.Serializer[Any]):
    """An organization that is there again, for its description."""

    message = serializers.CharField()
    org_id = serializers.CharField()


@extend_schema(parameters=[ORG_ID, PROJECT_ID])
class RestoreProjectView(OrganizationView):
    """Brings back a deleted project. Its own keys are refused until then: a session or another key asks."""

    scopes = {"POST": "project:admin"}
    forbidden = "Unauthorized to modify this project."
    finds_deleted = frozenset({"POST"})

    @extend_schema(
        summary="Restore a deleted project", description=_WITHIN, responses=RestoredProjectAnswer, tags=["projects"]
    )
    def post(self, request: Request, org_id: str, project_id: str) -> HttpResponse:
        """Restores it with everything that was in it, and its keys."""
        answer = {"message": "Project restored successfully.", "project_id": project_id}
        return self.once(lambda: restore_project(self.caller), lambda _: answer)


@extend_schema(parameters=[ORG_ID])
class RestoreOrganizationView(OrganizationView):
    """Brings back a deleted organization. Its own keys are refused until then: an owner asks in a session."""

    scopes = {"POST": "org:admin"}
    finds_deleted = frozenset({"POST"})

    @extend_schema(
        summary="Restore a deleted organization",
        description=_WITHIN,
        responses=RestoredOrganizationAnswer,
        tags=["organizations"],
    )
    def post(self, request: Request, org_id: str) -> HttpResponse:
        """Restores it with its projects, keys and members."""
        answer = {"message": "Organization restored successfully.", "org_id": org_id}
        return self.once(lambda: restore_organization(self.caller), lambda _: answer)
