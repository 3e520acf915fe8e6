"""Organizations (contract.md §10)."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.queries import plan_of
from loci.http.aliases import normalise
from loci.http.idempotency import Earlier, Idempotency, idempotency_of, replayed, when_free
from loci.http.parser import body_of
from loci.http.renderer import dump_json, moment
from loci.tenancy.context import Tenant, tenant_tx
from loci.tenancy.models import new_id
from orgs.api.base import ApiView, OrganizationView
from orgs.api.parameters import ORG_ID, DeletedInput, wants_deleted
from orgs.api.serializers.organizations import Deleted, Done, MadeOrganization, OrganizationAnswer, OrganizationInput
from orgs.api.wire import organization_json
from orgs.listings import (
    SeenOrganization,
    organizations_seen_by,
    see_deleted_organizations,
    see_organization,
    see_organizations,
)
from orgs.models import Organization
from orgs.queries import Caller, Place
from orgs.services.deletion import delete_organization
from orgs.services.organizations import found_organization, rename_organization

SEES = (
    "Members and the plan are shown with the scope `org:read`, invitations with `org:admin`; somebody who is in one"
    " of its projects only sees its name."
)


class OrganizationsView(ApiView):
    """The organizations that the caller may see, and new ones."""

    forbidden = "Unauthorized"

    def locate(self, caller: Caller) -> Place | None:
        """Returns where the key is at home; of a session, the person's first organization, if they have one."""
        return caller.place or next(organizations_seen_by(caller), None)

    @extend_schema(
        summary="List organizations",
        description=(
            f"All that the person belongs to, oldest first; a key sees its own and those that were made with it. {SEES}"
        ),
        parameters=[DeletedInput],
        responses=OrganizationAnswer(many=True),
        tags=["organizations"],
    )
    def get(self, request: Request) -> Response:
        """Answers with a bare list."""
        see = see_deleted_organizations if wants_deleted(request) else see_organizations
        return Response([_shown(seen) for seen in see(self.caller)])

    @extend_schema(
        summary="Create an organization",
        description=(
            "The person owns it, and it has a default project. Not for restricted keys, nor for sessions that began at"
            " an identity provider and the keys made in them. A key may act on what was made with it."
        ),
        request=OrganizationInput,
        responses={201: MadeOrganization},
        tags=["organizations"],
    )
    def post(self, request: Request) -> HttpResponse:
        """Answers with the new organization's id."""
        name = _name_of(request)
        key = idempotency_of(request, self.tenant) if self.caller.place else None
        return self._made_under(key, name) if key else _made(found_organization(self.caller, name=name))

    def _made_under(self, key: Idempotency, name: str) -> HttpResponse:
        """Two commits, since no transaction has two tenants: the id that is kept in the first makes repeats find it."""
        claimed = when_free(lambda: _claimed(key, self.tenant))
        if isinstance(claimed, Earlier) and claimed.body:
            return replayed(claimed.body, claimed.status)
        org_id = claimed.subject_id if isinstance(claimed, Earlier) else claimed
        answer = _made(found_organization(self.caller, name=name, org_id=org_id))
        key.remember(self.tenant, answer.status_code, answer.content)
        return answer


@extend_schema(parameters=[ORG_ID])
class NamedOrganizationView(OrganizationView):
    """One organization."""

    scopes: ClassVar[Mapping[str, str]] = {"PATCH": "org:admin", "DELETE": "org:admin"}
    finds_deleted = frozenset({"DELETE"})  # A repeat under the same Idempotency-Key is answered as before.

    @extend_schema(
        summary="Get an organization", description=SEES, responses=OrganizationAnswer, tags=["organizations"]
    )
    def get(self, _request: Request, org_id: str) -> Response:
        """Answers with the organization."""
        return Response(_shown(see_organization(self.caller)))

    @extend_schema(summary="Rename an organization", request=OrganizationInput, responses=Done, tags=["organizations"])
    def patch(self, request: Request, org_id: str) -> HttpResponse:
        """Answers that it is renamed."""
        name = _name_of(request)
        return self.once(
            lambda: rename_organization(self.caller, name=name),
            lambda _: {"message": "Organization updated successfully."},
        )

    @extend_schema(
        summary="Delete an organization",
        description="With all of its projects, at once. Until `erased_at` an owner can restore it.",
        responses=Deleted,
        tags=["organizations"],
    )
    def delete(self, _request: Request, org_id: str) -> HttpResponse:
        """Answers that it is deleted."""
        return self.once(
            lambda: delete_organization(self.caller),
            lambda erased_at: {"message": "Organization deleted successfully!", "erased_at": moment(erased_at)},
        )


def _shown(seen: SeenOrganization) -> dict[str, Any]:
    return organization_json(seen, plan_of(seen.organization.id).name if seen.is_open else None)


def _name_of(request: Request) -> str:
    given = OrganizationInput(data=normalise(body_of(request)))
    if not given.is_valid():
        raise serializers.ValidationError({"errors": given.errors})
    name: str = given.validated_data["name"]
    return name


def _claimed(key: Idempotency, home: Tenant) -> Earlier | UUID:
    """The earlier request of the key, or the id of the organization that this one is to make."""
    with tenant_tx(home):
        if earlier := key.begin():
            return earlier
        org_id = new_id()
        key.belongs_to(org_id)
        return org_id


def _made(organization: Organization) -> HttpResponse:
    body = dump_json({"message": "Organization created successfully.", "org_id": organization.public_id})
    return HttpResponse(body, status=201, content_type="application/json")
