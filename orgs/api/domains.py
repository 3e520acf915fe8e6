"""The email domains of an organization, which it proves to be its own by a DNS record."""

from collections.abc import Mapping
from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loci.http.aliases import normalise
from loci.http.parser import body_of
from loci.net.dns import txt_records
from orgs.api.base import OrganizationView
from orgs.api.parameters import ORG_ID
from orgs.api.serializers.organizations import Done
from orgs.api.serializers.sso import DomainAnswer, DomainInput, DomainsAnswer, domain_json
from orgs.services.domains import add_domain, domains_of, find_domain, prove_domain, record_name, remove_domain
from orgs.sso.waiting import place_to_wait

DOMAIN_ID = OpenApiParameter("domain_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The domain's `id`.")
TAGS = ["sso"]
REMOVED = "Domain removed from the organization."


@extend_schema_view(
    get=extend_schema(summary="List the domains", parameters=[ORG_ID], responses=DomainsAnswer, tags=TAGS),
    post=extend_schema(
        summary="Claim a domain",
        description="The answer has the DNS record that proves it: set it, then verify.",
        parameters=[ORG_ID],
        request=DomainInput,
        responses={201: DomainAnswer},
        tags=TAGS,
    ),
)
class DomainsView(OrganizationView):
    """The domains of an organization."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "org:read", "POST": "org:admin"}

    def get(self, _request: Request, **_: str) -> Response:
        """Answers with all of them, by name."""
        return Response({"domains": [domain_json(domain) for domain in domains_of(self.caller)]})

    def post(self, request: Request, **_: str) -> HttpResponse:
        """Claims one."""
        given = DomainInput(data=normalise(body_of(request), aliases={}))
        if not given.is_valid():
            raise serializers.ValidationError({"errors": given.errors})
        return self.once(lambda: add_domain(self.caller, given.validated_data["name"]), domain_json, status=201)


@extend_schema_view(
    delete=extend_schema(
        summary="Give up a domain",
        description=(
            "Nobody logs in any more through the organization's identity providers with an email of it, the sessions of"
            " those who did end, and another organization may prove it."
        ),
        parameters=[ORG_ID, DOMAIN_ID],
        responses=Done,
        tags=TAGS,
    )
)
class DomainView(OrganizationView):
    """One domain of an organization."""

    scopes: ClassVar[Mapping[str, str]] = {"DELETE": "org:admin"}

    def delete(self, _request: Request, domain_id: str, **_: str) -> HttpResponse:
        """Removes it."""
        return self.once(lambda: remove_domain(self.caller, domain_id), lambda _: {"message": REMOVED})


@extend_schema_view(
    post=extend_schema(
        summary="Verify a domain",
        description=(
            "Asks DNS for the record. 400 while it is not there, 409 where another organization has proved the domain"
            " and not given it up, 503 when DNS does not answer."
        ),
        parameters=[ORG_ID, DOMAIN_ID],
        request=None,
        responses=DomainAnswer,
        tags=TAGS,
    )
)
class DomainProofView(OrganizationView):
    """The proof that a domain is the organization's."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": "org:admin"}

    def post(self, _request: Request, domain_id: str, **_: str) -> HttpResponse:
        """Answers with the domain once it is proved."""
        if repeated := self.replay():
            return repeated
        name = record_name(find_domain(self.caller, domain_id))
        with place_to_wait():
            records = txt_records(name)
        return self.once(lambda: prove_domain(self.caller, domain_id, records), domain_json)
