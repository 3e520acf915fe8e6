"""The identities of a person: by which providers they can log in to their account."""

from collections.abc import Iterator
from dataclasses import dataclass

from allauth.socialaccount.models import SocialAccount

from loci.tenancy.context import org_tx
from orgs import audit
from orgs.models import IdentityProvider, User
from orgs.queries import Caller, organization_of_provider, organizations_of, place_of
from orgs.sso.admission import person_at


@dataclass(frozen=True)
class Identity:
    """That a provider knows the person. `provider` is None for one that is disabled or gone."""

    id: int
    provider: IdentityProvider | None
    subject: str


@dataclass(frozen=True)
class Connectable:
    """A provider of an organization that the person belongs to."""

    provider: IdentityProvider
    organization: str


def identities_of(person: User) -> list[Identity]:
    """Returns the person's identities, oldest first."""
    accounts = SocialAccount.objects.filter(user=person).order_by("id")
    return [Identity(account.id, _provider(account.provider), account.uid) for account in accounts]


def connectable_providers(person: User) -> list[Connectable]:
    """Returns the enabled providers of the person's organizations."""
    return list(_connectable(person))


def disconnect(person: User, identity_id: int, ip: str) -> None:
    """Forgets one of the person's identities; of others' ids nothing is changed."""
    account = SocialAccount.objects.filter(user=person, id=identity_id).first()
    if account is None:
        return
    account.delete()
    org_id = organization_of_provider(account.provider)
    if org_id is not None:
        with org_tx(org_id):
            audit.record(person_at(person, ip), "identity.disconnect", "provider", account.provider)


def _connectable(person: User) -> Iterator[Connectable]:
    caller = Caller(user_id=person.id, user_email=person.email)
    places = (place_of(caller, org=public_id) for public_id in organizations_of(person.id))
    for place in filter(None, places):
        with org_tx(place.org_id):
            for provider in IdentityProvider.objects.filter(is_enabled=True).order_by("id"):
                yield Connectable(provider, place.org_name)


def _provider(public_id: str) -> IdentityProvider | None:
    org_id = organization_of_provider(public_id)
    if org_id is None:
        return None
    with org_tx(org_id):
        return IdentityProvider.objects.filter(public_id=public_id).first()
