"""Organizations as the tests drive them: people with roles, their sessions, and the addresses of the control plane."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.utils import timezone

from loci.tenancy.context import Tenant, org_tx, tenant_tx
from orgs.accounts.middleware import SSO_DOMAIN, SSO_ORG, SSO_PROVIDER
from orgs.models import Domain, IdentityProvider, Membership, Project, ProviderKind, User
from orgs.queries import Caller, caller_of
from orgs.services.api_keys import Restrictions, create_api_key, create_key
from tests.conftest import Person

ORGANIZATIONS = "/api/v1/orgs/organizations/"


def organization_of(person: Person, rest: str = "") -> str:
    """Returns the address of the person's organization, or of something below it."""
    return f"{ORGANIZATIONS}{person.org_id}/{rest}"


def control_of(person: Person) -> Tenant:
    """The tenant of the organization's own rows."""
    with tenant_tx(person.tenant):
        return Tenant(Project.objects.get(is_control=True).id, person.tenant.org_id)


def project_of(person: Person, rest: str = "") -> str:
    """Returns the address of the person's project, or of something below it."""
    return organization_of(person, f"projects/{person.project_id}/{rest}")


def member_of(owner: Person, email: str, role: str, *, only_project: bool = False) -> Person:
    """Returns a new person with a role in the owner's organization, or in the project alone, and a key of the project.

    They have no organization of their own.
    """
    user = User.objects.create_user(email)
    assert owner.tenant.org_id
    with org_tx(owner.tenant.org_id):
        project = Project.objects.get(id=owner.tenant.project_id)
        Membership.objects.create(
            org_id=owner.tenant.org_id, project=project if only_project else None, user=user, role=role
        )
    key = create_api_key(project=project, maker=user, name="test")
    return replace(owner, email=email, key=key, client=with_key(key))


def with_key(key: str) -> Client:
    """Returns a client that calls with an API key."""
    return Client(headers={"authorization": f"Token {key}"}, raise_request_exception=False)


def signed_in(person: Person, sso_organization: Person | None = None) -> Person:
    """Returns the person with a session in place of the key; one that began at an organization's identity provider."""
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(email=person.email))
    if sso_organization is not None:
        assert sso_organization.tenant.org_id
        confined_to(client, sso_organization.tenant.org_id)
    return replace(person, client=client)


def delete(person: Person, address: str) -> None:
    """Deletes the organization or project at this address, in a session of the person's."""
    assert signed_in(person).client.delete(address).status_code == 200


def restored(person: Person, address: str) -> int:
    """Asks for the restoration of what has this address, and returns the status of the answer."""
    return person.client.post(f"{address}restore/", content_type="application/json").status_code


def with_restricted_key(person: Person, scopes: tuple[str, ...]) -> Person:
    """Returns the person with a key of their project that has these scopes only."""
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        project = Project.objects.get(id=person.tenant.project_id)
    key = create_api_key(project=project, maker=User.objects.get(email=person.email), name="narrow", scopes=scopes)
    return replace(person, key=key, client=with_key(key))


def with_organization_key(person: Person) -> Person:
    """Returns the person with a key of their whole organization."""
    caller = caller_of(person.key)
    assert isinstance(caller, Caller)
    key = create_key(
        replace(caller, key=None, only_org=None, place=caller.here.organization()), "all", Restrictions()
    ).secret
    return replace(person, key=key, client=with_key(key))


def confined_to(client: Client, org_id: UUID) -> None:
    """Makes the client's session one that began at a new provider of the organization, which knows the person."""
    session: Any = client.session
    with org_tx(org_id):
        provider = IdentityProvider.objects.create(org_id=org_id, kind=ProviderKind.OIDC, name="Staff")
        name = f"sso.{org_id}.example"
        domain = Domain.objects.create(org_id=org_id, name=name, token="t", verified_at=timezone.now())
    person = session["_auth_user_id"]
    SocialAccount.objects.create(user_id=person, provider=provider.public_id, uid=person)
    session.update({SSO_ORG: str(org_id), SSO_PROVIDER: provider.public_id, SSO_DOMAIN: str(domain.id)})
    session.save()
