"""The identity providers of an organization, through which its people log in."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loci.http.aliases import normalise
from loci.http.parser import body_of
from orgs.api.base import OrganizationView
from orgs.api.domains import TAGS
from orgs.api.parameters import ORG_ID
from orgs.api.serializers.organizations import Done
from orgs.api.serializers.sso import (
    ProviderAnswer,
    ProviderChangeInput,
    ProviderInput,
    ProvidersAnswer,
    provider_json,
)
from orgs.models import IdentityProvider
from orgs.services.identity_providers import (
    add_provider,
    change_provider,
    find_provider,
    providers_of,
    remove_provider,
)

PROVIDER_ID = OpenApiParameter("provider_id", str, OpenApiParameter.PATH, description="The provider's id: `sso_…`.")
REMOVED = "Identity provider removed from the organization."

S = TypeVar("S", bound="serializers.Serializer[Any]")


@extend_schema_view(
    get=extend_schema(summary="List the identity providers", parameters=[ORG_ID], responses=ProvidersAnswer, tags=TAGS),
    post=extend_schema(
        summary="Add an identity provider",
        description=(
            "People log in through it whose email it confirms and is of a domain that the organization has proved. Who"
            " comes for the first time becomes a member with `default_role`; who has an account already logs in to it"
            " and connects the two. Such a session sees only this organization."
        ),
        parameters=[ORG_ID],
        request=ProviderInput,
        responses={201: ProviderAnswer},
        tags=TAGS,
    ),
)
class IdentityProvidersView(OrganizationView):
    """The identity providers of an organization."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "org:read", "POST": "org:admin"}

    def get(self, _request: Request, **_: str) -> Response:
        """Answers with all of them, oldest first."""
        return Response({"identity_providers": [provider_json(provider) for provider in providers_of(self.caller)]})

    def post(self, request: Request, **_: str) -> HttpResponse:
        """Adds one."""
        given = _read(ProviderInput(data=normalise(body_of(request), aliases={})))
        return self.once(lambda: add_provider(self.caller, **given.columns()), provider_json, status=201)


@extend_schema_view(
    get=extend_schema(
        summary="Get an identity provider", parameters=[ORG_ID, PROVIDER_ID], responses=ProviderAnswer, tags=TAGS
    ),
    patch=extend_schema(
        summary="Change an identity provider",
        parameters=[ORG_ID, PROVIDER_ID],
        request=ProviderChangeInput(partial=True),
        responses=ProviderAnswer,
        tags=TAGS,
    ),
    delete=extend_schema(
        summary="Remove an identity provider",
        description="Nobody is known by it any more, and the sessions that began there end; its people stay members.",
        parameters=[ORG_ID, PROVIDER_ID],
        responses=Done,
        tags=TAGS,
    ),
)
class IdentityProviderView(OrganizationView):
    """One identity provider of an organization."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "org:read", "PATCH": "org:admin", "DELETE": "org:admin"}

    def get(self, _request: Request, provider_id: str, **_: str) -> Response:
        """Answers with the provider."""
        return Response(provider_json(find_provider(self.caller, provider_id)))

    def patch(self, request: Request, provider_id: str, **_: str) -> HttpResponse:
        """Changes what is given."""
        given = _read(ProviderChangeInput(data=normalise(body_of(request), aliases={}), partial=True))
        return self.once(lambda: self._change(provider_id, given), provider_json)

    def delete(self, _request: Request, provider_id: str, **_: str) -> HttpResponse:
        """Removes the provider."""
        return self.once(lambda: remove_provider(self.caller, provider_id), lambda _: {"message": REMOVED})

    def _change(self, provider_id: str, given: ProviderChangeInput) -> IdentityProvider:
        settings = given.settings_after(find_provider(self.caller, provider_id))
        return change_provider(self.caller, provider_id, settings=settings, **given.columns())


def _read(given: S) -> S:
    if not given.is_valid():
        raise serializers.ValidationError({"errors": given.errors})
    return given
