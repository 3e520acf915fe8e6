"""The rule that every organization and every project has an owner, the lock under which it holds, and who they are."""

from uuid import UUID

from django.db.models import Exists, OuterRef

from loci.errors import DomainError
from orgs.models import AGENTS_DOMAIN, Membership, Organization, Project, Role, User

LAST_OWNER = "The organization would be left without an owner."
LAST_OWNER_OF_PROJECT = "The project {name} would be left without an owner."


def lock_members() -> None:
    """Makes changes of the current organization's members and invitations wait for each other, until each commits.

    Every such change begins with it: of two owners who leave at once, the second one is then the last.
    """
    list(Organization.objects.select_for_update(no_key=True).values_list("id"))


def check_owners() -> None:
    """Raises `DomainError` where the organization, or a project of it, has nobody left who owns it.

    A project is owned by its own owners, and by the organization's owners who have no other role in it.
    """
    owners = Membership.objects.filter(role=Role.OWNER)
    if not owners.filter(project=None).exists():
        raise _refused(LAST_OWNER)
    in_project = Membership.objects.filter(project=OuterRef(OuterRef("id")), user=OuterRef("user"))
    of_project = owners.filter(project=OuterRef("id"))
    of_organization = owners.filter(~Exists(in_project), project=None)
    orphan = Project.objects.filter(
        ~Exists(of_project), ~Exists(of_organization), is_control=False, erased_at=None
    ).first()
    if orphan:
        raise _refused(LAST_OWNER_OF_PROJECT.format(name=orphan.name))


def emails_of_owners(*others: UUID | None) -> list[str]:
    """Returns the emails of the organization's owners and of these people, each once; of those whom mail reaches."""
    owners = Membership.objects.filter(role=Role.OWNER, project=None).values_list("user_id", flat=True)
    people = User.objects.filter(is_active=True, id__in=[*owners, *others])
    reachable = people.exclude(email__endswith=f"@{AGENTS_DOMAIN}")
    return list(reachable.order_by("email").values_list("email", flat=True))


def _refused(words: str) -> DomainError:
    return DomainError(words, body={"message": words})
