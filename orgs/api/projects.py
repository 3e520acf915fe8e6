"""Projects and their settings (contract.md §10)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from loci.errors import DomainError
from loci.http.aliases import normalise
from loci.http.parser import body_of
from loci.http.renderer import moment
from orgs.api.base import OrganizationView
from orgs.api.parameters import ORG_ID, PROJECT_ID, DeletedInput, wants_deleted
from orgs.api.serializers.organizations import Deleted, Done
from orgs.api.serializers.projects import (
    ALIASES,
    CLEARABLE,
    MadeProject,
    ProjectAnswer,
    ProjectChanges,
    ProjectInput,
)
from orgs.api.wire import project_json
from orgs.listings import projects_seen_by, see_project
from orgs.models import Project
from orgs.services.deletion import delete_project
from orgs.services.projects import change_project, create_project

DELETED = "Project and related data deleted successfully."
NOT_CREATED = "Project could not be created."
FIELDS = OpenApiParameter("fields", str, many=True, description="Accepted and ignored: everything is returned.")


@extend_schema(parameters=[ORG_ID])
class ProjectsView(OrganizationView):
    """The projects of an organization."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": "org:admin"}
    forbidden = "Unauthorized to create projects in this organization."

    @extend_schema(
        summary="List projects",
        description="Those that the caller may read, oldest first; a project's key sees its own.",
        parameters=[DeletedInput],
        responses=ProjectAnswer(many=True),
        tags=["projects"],
    )
    def get(self, request: Request, org_id: str) -> Response:
        """Answers with a bare list."""
        seen = projects_seen_by(self.caller, deleted=wants_deleted(request))
        return Response([project_json(each) for each in seen])

    @extend_schema(
        summary="Create a project",
        description="The organization's owners own it.",
        request=ProjectInput,
        responses=MadeProject,
        tags=["projects"],
    )
    def post(self, request: Request, org_id: str) -> HttpResponse:
        """Answers with 200 and the new project's id."""
        given = _checked(ProjectInput(data=normalise(body_of(request))))
        return self.once(lambda: create_project(self.caller, **given), _made)


@extend_schema(parameters=[ORG_ID, PROJECT_ID])
class NamedProjectView(OrganizationView):
    """One project."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "project:read", "PATCH": "project:admin", "DELETE": "project:admin"}
    forbidden = "Unauthorized to modify this project."
    finds_deleted = frozenset({"DELETE"})  # A repeat under the same Idempotency-Key is answered as before.

    @extend_schema(summary="Get a project", parameters=[FIELDS], responses=ProjectAnswer, tags=["projects"])
    def get(self, _request: Request, org_id: str, project_id: str) -> Response:
        """Answers with the project and all of its settings."""
        return Response(project_json(see_project(self.caller)))

    @extend_schema(
        summary="Change a project",
        description="Its name, its description and its settings. A field's description says what it changes today.",
        request=ProjectChanges,
        responses=Done,
        tags=["projects"],
    )
    def patch(self, request: Request, org_id: str, project_id: str) -> HttpResponse:
        """Answers that it is changed."""
        changes = _changes_in(body_of(request))
        return self.once(
            lambda: change_project(self.caller, changes),
            lambda _: {"message": "Project updated successfully"},
        )

    @extend_schema(
        summary="Delete a project",
        description="Nobody reaches it any more, and its keys are refused. Until `erased_at` it can be restored.",
        responses=Deleted,
        tags=["projects"],
    )
    def delete(self, _request: Request, org_id: str, project_id: str) -> HttpResponse:
        """Answers that it is deleted."""
        return self.once(
            lambda: delete_project(self.caller),
            lambda erased_at: {"message": DELETED, "erased_at": moment(erased_at)},
        )


def _changes_in(body: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be changed, checked; None stands for a setting's default, "" for no description."""
    asked = normalise(body, aliases=ALIASES, keep=CLEARABLE)
    asked |= {name: "" if name == "description" else None for name, value in asked.items() if value in (None, "")}
    given = ProjectChanges(data=asked)
    given.is_valid(raise_exception=True)
    # Without what is not asked for, and has got its default.
    return {name: value for name, value in given.validated_data.items() if name in asked}


def _checked(given: ProjectInput) -> dict[str, Any]:
    if not given.is_valid():
        reasons = " ".join(f"{name}: {errors[0]}" for name, errors in given.errors.items())
        raise DomainError(f"{NOT_CREATED} {reasons}", body={"message": NOT_CREATED, "errors": given.errors})
    checked: dict[str, Any] = given.validated_data
    return checked


def _made(project: Project) -> dict[str, Any]:
    return {"message": "Project created successfully.", "project_id": project.public_id}
