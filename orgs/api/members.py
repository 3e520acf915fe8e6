"""The members of an organization and of a project (contract.md §10)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from loci.errors import DomainError
from loci.http.aliases import normalise
from loci.http.parser import body_of
from loci.tenancy.context import tenant_tx
from orgs.api.base import OrganizationView
from orgs.api.mail_rates import check_may_mail
from orgs.api.parameters import ORG_ID, PROJECT_ID
from orgs.api.serializers.members import MemberInput, MembersAnswer, NewProjectMemberInput, WhoInput
from orgs.api.serializers.organizations import Done
from orgs.api.wire import member_json, username_of
from orgs.listings import see_organization, see_project
from orgs.models import Invitation, Membership
from orgs.services.invitations import open_invitations, ring_for
from orgs.services.members import add_member, change_member, remove_member

Json = dict[str, Any]

INVITES = (
    "Who has no role in the organization yet is invited by mail, whether there is an account of that email or not, and"
    " belongs to it once they accept. Until then they are listed with the status `invited`, and can be changed and"
    " removed like a member. 400 for somebody who is a member already; 429 after too many mails."
)
KEEPS_OWNERS = "400 where it would leave the organization, or one of its projects, without an owner."
ROLE_OF_PROJECT = "A role in a project goes before the one in the organization; it may be a wider or a narrower one."
LEAVES = "Everybody may remove themselves."
EMAIL = OpenApiParameter("email", str, description="The email; it may also stand in a JSON body.")


class _MembersView(OrganizationView):
    """Members of what the address names. `admin` is the scope that changing others needs."""

    admin: ClassVar[str]
    new_member: ClassVar[type[WhoInput]] = MemberInput
    added: ClassVar[str]
    added_status: ClassVar[int] = 200
    changed: ClassVar[str]
    removed: ClassVar[str]

    def post(self, request: Request, **_place: str) -> HttpResponse:
        """Adds or invites somebody, and answers that it is done."""
        email, role = _member_in(self.new_member(data=normalise(body_of(request))))
        check_may_mail(request, self.caller, email)
        return self.once(
            lambda: add_member(self.caller, email, role),
            lambda _: {"message": self.added},
            then=lambda job: ring_for(self.tenant, job),
            status=self.added_status,
        )

    def put(self, request: Request, **_place: str) -> HttpResponse:
        """Changes a role, and answers that it is done."""
        email, role = _member_in(MemberInput(data=normalise(body_of(request))))
        return self.once(lambda: change_member(self.caller, email, role), lambda _: {"message": self.changed})

    def delete(self, request: Request, **_place: str) -> HttpResponse:
        """Removes somebody, and answers that it is done."""
        given = normalise({**request.query_params.dict(), **body_of(request)})
        email = _checked(WhoInput(data=given))["email"]
        if self.admin not in self.caller.scopes and not self._leaves(email):
            self.permission_denied(request)
        return self.once(lambda: remove_member(self.caller, email), lambda _: {"message": self.removed})

    def _leaves(self, email: str) -> bool:
        """Whether the person removes themself: by a restricted key only where that may remove others too."""
        key = self.caller.key
        return email == self.caller.user_email and (key is None or self.admin in key.narrows(frozenset({self.admin})))

    def answer(self, members: list[Membership]) -> Response:
        """Answers with the members, and to those who may invite also with who is invited."""
        invited = []
        if self.admin in self.caller.scopes:
            with tenant_tx(self.tenant):
                invited = list(open_invitations(self.caller.here.project_id))
        return Response({"members": [*map(_active, members), *map(_invited, invited)]})


@extend_schema_view(
    post=extend_schema(
        summary="Add a member to an organization",
        description=INVITES,
        request=MemberInput,
        responses={201: Done},
        tags=["members"],
    ),
    put=extend_schema(
        summary="Change a member's role in an organization",
        description=KEEPS_OWNERS,
        request=MemberInput,
        responses=Done,
        tags=["members"],
    ),
    delete=extend_schema(
        summary="Remove a member from an organization",
        description=(
            f"Out of its projects, too; API keys that they made stop at once. {LEAVES} {KEEPS_OWNERS} The email stands"
            " in the body or in the query."
        ),
        parameters=[EMAIL],
        request=WhoInput,
        responses=Done,
        tags=["members"],
    ),
)
@extend_schema(parameters=[ORG_ID])
class OrganizationMembersView(_MembersView):
    """Who belongs to an organization."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "org:read", "POST": "org:admin", "PUT": "org:admin"}
    admin = "org:admin"
    added = "User added to the organization."
    added_status = 201
    changed = "User role updated successfully"
    removed = "User removed from organization."

    @extend_schema(
        summary="List an organization's members",
        description="Oldest first, and after them, for its owners, who is invited.",
        responses=MembersAnswer,
        tags=["members"],
    )
    def get(self, _request: Request, **_place: str) -> Response:
        """Answers with everybody."""
        return self.answer(list(see_organization(self.caller).members))


@extend_schema_view(
    post=extend_schema(
        summary="Add a member to a project",
        description=f"{ROLE_OF_PROJECT} A member of the organization has it at once. {INVITES}",
        request=NewProjectMemberInput,
        responses=Done,
        tags=["members"],
    ),
    put=extend_schema(
        summary="Change a member's role in a project",
        description=f"{ROLE_OF_PROJECT} {KEEPS_OWNERS}",
        request=MemberInput,
        responses=Done,
        tags=["members"],
    ),
    delete=extend_schema(
        summary="Remove a member from a project",
        description=(
            "A member of the organization has again the role that they have there. 400 for somebody who has no other."
            f" {LEAVES} {KEEPS_OWNERS}"
        ),
        parameters=[EMAIL],
        request=WhoInput,
        responses=Done,
        tags=["members"],
    ),
)
@extend_schema(parameters=[ORG_ID, PROJECT_ID])
class ProjectMembersView(_MembersView):
    """Who belongs to a project."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "project:read", "POST": "project:admin", "PUT": "project:admin"}
    forbidden = "Unauthorized to modify project members."
    admin = "project:admin"
    new_member = NewProjectMemberInput
    added = "User added to the project successfully."
    changed = "User role updated successfully."
    removed = "Member removed from the project"

    @extend_schema(
        summary="List a project's members",
        description=(
            "With their roles in the project; without the scope `org:read` only those who belong to the project itself."
            " After them, for its owners, who is invited."
        ),
        responses=MembersAnswer,
        tags=["members"],
    )
    def get(self, _request: Request, **_place: str) -> Response:
        """Answers with everybody."""
        return self.answer(list(see_project(self.caller).members))


def _member_in(given: WhoInput) -> tuple[str, str]:
    checked = _checked(given)
    return checked["email"], checked["role"]


def _checked(given: WhoInput) -> Json:
    if not given.is_valid():
        reasons = " ".join(f"{name}: {errors[0]}" for name, errors in given.errors.items())
        raise DomainError(reasons, body={**given.errors, "errors": given.errors})
    checked: Json = given.validated_data
    return checked


def _active(membership: Membership) -> Json:
    return {**member_json(membership), "status": "active"}


def _invited(invitation: Invitation) -> Json:
    email = invitation.email
    return {
        "username": username_of(email),
        "role": invitation.role,
        "email": email,
        "user_id": None,
        "status": "invited",
    }
