"""Making people, and giving them a place."""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.db import transaction
from django.http import HttpRequest

from loci.errors import DomainError
from loci.tenancy.context import org_tx
from orgs import audit
from orgs.audit import SYSTEM, Actor
from orgs.models import ActorType, ApiKey, Invitation, Project, User
from orgs.queries import organizations_of
from orgs.services.api_keys import create_api_key
from orgs.services.invitations import open_invitation
from orgs.services.organizations import create_organization, may_own_another

INVITATION = "invitation_token"
"""The session's key for the invitation with which somebody came."""


def held_invitation(request: HttpRequest) -> Invitation | None:
    """Returns the open invitation whose link this session came by, if any."""
    try:
        return open_invitation(request.session.get(INVITATION, ""))
    except DomainError:
        return None


@dataclass(frozen=True)
class NewOwner:
    """An owner with their first project, and a key of it that is shown now and never again."""

    person: User
    project: Project
    api_key: str


@transaction.atomic
def create_person(*, email: str, password: str | None) -> User:
    """Makes a person who can log in at once, if they have a password: the caller vouches for the email."""
    person = User.objects.create_user(email, password)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


@transaction.atomic
def create_owner(*, email: str, password: str, organization: str) -> NewOwner:
    """Makes a person, their organization with its default project, and a first key of that."""
    person = create_person(email=email, password=password)
    project = _found(organization, person, SYSTEM)
    api_key = create_api_key(project=project, maker=person, name="first key")
    with org_tx(project.org_id):
        audit.record(SYSTEM, "key.create", "key", ApiKey.objects.get(project=project).id)
    return NewOwner(person, project, api_key)


@transaction.atomic
def make_at_home(person: User) -> None:
    """Makes an organization of their own for a person who is in none, and has not deleted too many."""
    User.objects.select_for_update().get(pk=person.pk)  # Two logins at once make one.
    if not organizations_of(person.id) and may_own_another(person.id):
        _found(f"{person.email.partition('@')[0]}'s organization", person, Actor(ActorType.PERSON, person.id))


def _found(name: str, owner: User, by: Actor) -> Project:
    project = create_organization(name=name, owner=owner)
    with org_tx(project.org_id):
        audit.record(by, "organization.create", "organization", project.org.public_id)
    return project
