"""The invitations of an organization and of its projects."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from loci.tenancy.context import tenant_tx
from orgs.api.base import OrganizationView
from orgs.api.mail_rates import check_may_mail
from orgs.api.parameters import ORG_ID
from orgs.api.serializers.members import InvitationsAnswer
from orgs.api.serializers.organizations import Done
from orgs.api.wire import invitation_json
from orgs.models import Invitation
from orgs.services.invitations import pending, resend_invitation, revoke_invitation, ring_for

Json = dict[str, Any]

INVITATION_ID = OpenApiParameter(
    "invitation_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The invitation's `id`."
)


@extend_schema(parameters=[ORG_ID])
class InvitationsView(OrganizationView):
    """All that were neither accepted nor revoked."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "org:admin"}

    @extend_schema(
        summary="List invitations",
        description="To the organization and to its projects, oldest first. An expired one can be sent again.",
        responses=InvitationsAnswer,
        tags=["members"],
    )
    def get(self, _request: Request, org_id: str) -> Response:
        """Answers with those that are open, and those that have expired."""
        with tenant_tx(self.tenant):
            found = list(pending().select_related("project", "invited_by").order_by("created_at", "id"))
        return Response({"invitations": [_shown(invitation) for invitation in found]})


@extend_schema(parameters=[ORG_ID, INVITATION_ID])
class InvitationView(OrganizationView):
    """One of them."""

    scopes: ClassVar[Mapping[str, str]] = {"DELETE": "org:admin"}

    @extend_schema(
        summary="Revoke an invitation",
        description="Its link is useless from now on. 404 for one that was accepted or revoked.",
        responses=Done,
        tags=["members"],
    )
    def delete(self, _request: Request, org_id: str, invitation_id: UUID) -> HttpResponse:
        """Answers that it is revoked."""
        return self.once(
            lambda: revoke_invitation(self.caller, invitation_id), lambda _: {"message": "Invitation revoked."}
        )


@extend_schema(parameters=[ORG_ID, INVITATION_ID])
class InvitationResendView(OrganizationView):
    """One of them, mailed again."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": "org:admin"}

    @extend_schema(
        summary="Send an invitation again",
        description="It lasts anew. 404 for one that was accepted or revoked; 429 after too many mails.",
        request=None,
        responses=Done,
        tags=["members"],
    )
    def post(self, request: Request, org_id: str, invitation_id: UUID) -> HttpResponse:
        """Answers that it is on its way."""
        check_may_mail(request, self.caller)
        return self.once(
            lambda: resend_invitation(self.caller, invitation_id),
            lambda _: {"message": "Invitation sent."},
            then=lambda job: ring_for(self.tenant, job),
        )


def _shown(invitation: Invitation) -> Json:
    is_open = invitation.expires_at > timezone.now()
    status = "invited" if is_open else "expired"
    return {**invitation_json(invitation), "status": status, "invited_by": invitation.invited_by.email}
