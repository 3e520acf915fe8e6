"""Who belongs to an organization or a project, and with which role (contract.md §10).

A person's role in a project is the one that they have in the project itself, else the one that they have in the
organization. Each change here acts on `by.here`: on a project where that names one, else on the organization.
"""

from collections.abc import Mapping
from uuid import UUID

from django.db.models import Q

from loci.errors import DomainError, NotFound
from loci.tenancy.context import tenant_tx
from orgs import audit
from orgs.models import Membership, Role
from orgs.queries import Caller, Place
from orgs.services.authority import check_unrestricted, forbidden, lock_members_as
from orgs.services.invitations import (
    change_invitation,
    invite,
    project_of,
    revoke_invitations,
    revoke_invitations_of,
)
from orgs.services.owners import check_owners, lock_members
from workers.models import Job

NO_SUCH_MEMBER = "User not found"
ALREADY_MEMBER = "User is already a member."
THROUGH_ORGANIZATION = "User belongs to the project through the organization."
ONLY_ORGANIZATION = "Only an owner of the organization may change what another one may do in a project."


def add_member(by: Caller, email: str, role: str) -> Job | None:
    """Gives somebody a role; returns the job that mails their invitation, to be rung for after the commit.

    Who has no role in the organization yet is invited, whether they have an account or not, with the same answer and
    the same work; a member of the organization gets the role in a project at once, and the job is None. Raises
    `DomainError` for who is a member already, and (403) for keys that hand on nothing.
    """
    place = by.here
    with tenant_tx(place.control):
        by = lock_members_as(by)
        check_unrestricted(by)
        roles = _roles(place, email)
        if place.project_id in roles:
            raise DomainError(ALREADY_MEMBER, body={"message": ALREADY_MEMBER})
        if not roles:
            return invite(by, email, role)
        _check_rank(by, roles)
        _add_to_project(by, roles[None], role)
        check_owners()
        return None


def change_member(by: Caller, email: str, role: str) -> None:
    """Changes the role of a member, or of an open invitation.

    A role in a project that a member of the organization did not have there is given to them. Raises `NotFound` for
    anybody else, and `DomainError`: 400 where it would leave the organization or a project without an owner, 403 for
    keys that hand on nothing, and for an owner of the organization by who is none.
    """
    place = by.here
    with tenant_tx(place.control):
        by = lock_members_as(by)
        check_unrestricted(by)
        roles = _roles(place, email)
        _check_rank(by, roles)
        if membership := roles.get(place.project_id):
            _change_role(by, membership, role)
        elif roles:
            _add_to_project(by, roles[None], role)
        elif not change_invitation(by, email, role):
            raise _no_such_member()
        check_owners()


def remove_member(by: Caller, email: str) -> None:
    """Takes somebody out, and revokes what invites them; out of the organization means out of its projects too.

    Raises `NotFound` for who is neither member nor invited, and `DomainError` for who belongs to a project only through
    the organization, and where it would leave the organization or a project without an owner; (403) for an owner of
    the organization in a project of who is none.
    """
    place = by.here
    with tenant_tx(place.control):
        by = _lock_to_remove(by, email)
        memberships = Membership.objects.filter(user__email=email)
        invitations: Q = Q(email=email)
        if place.project_id:
            memberships = memberships.filter(project_id=place.project_id)
            invitations &= Q(project_id=place.project_id)
        _check_rank(by, _roles(place, email))
        removed = list(memberships.values_list("id", "user_id"))
        if not revoke_invitations(by, invitations) and not removed:
            raise _through_organization() if _roles(place, email) else _no_such_member()
        Membership.objects.filter(id__in=[membership_id for membership_id, _ in removed]).delete()
        check_owners()
        for user_id in {user_id for _, user_id in removed}:
            revoke_invitations_of(by, user_id)
            audit.record(by, "member.remove", "member", user_id, **project_of(place))


def _lock_to_remove(by: Caller, email: str) -> Caller:
    """Everybody may remove themself, whatever their role is by now."""
    if email != by.user_email:
        return lock_members_as(by)
    lock_members()
    return by


def _roles(place: Place, email: str) -> dict[UUID | None, Membership]:
    """The person's memberships of the organization (None) and of the place's project, by project."""
    here = Q(project=None) | Q(project_id=place.project_id)
    return {row.project_id: row for row in Membership.objects.filter(here, user__email=email)}


def _check_rank(by: Caller, roles: Mapping[UUID | None, Membership]) -> None:
    """What an owner of the organization may in a project is no matter of who owns that project alone."""
    is_owner = None in roles and roles[None].role == Role.OWNER
    if is_owner and "org:admin" not in by.scopes:
        raise forbidden(ONLY_ORGANIZATION)


def _change_role(by: Caller, membership: Membership, role: str) -> None:
    Membership.objects.filter(id=membership.id).update(role=role)
    revoke_invitations_of(by, membership.user_id)
    audit.record(by, "member.change", "member", membership.user_id, role=role, **project_of(by.here))


def _add_to_project(by: Caller, of_organization: Membership, role: str) -> None:
    place, user_id = by.here, of_organization.user_id
    Membership.objects.create(org_id=place.org_id, project_id=place.project_id, user_id=user_id, role=role)
    revoke_invitations_of(by, user_id)
    audit.record(by, "member.add", "member", user_id, role=role, **project_of(place))


def _no_such_member() -> NotFound:
    return NotFound(NO_SUCH_MEMBER, body={"message": NO_SUCH_MEMBER})


def _through_organization() -> DomainError:
    return DomainError(THROUGH_ORGANIZATION, body={"message": THROUGH_ORGANIZATION})
