"""What a caller may see of organizations and projects, with who belongs to them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from loci.tenancy.context import tenant_tx
from orgs.models import Invitation, Membership, Organization, Project
from orgs.queries import Caller, Place, organizations_of, place_of
from orgs.roles import scopes_in_project
from orgs.services.invitations import pending


@dataclass(frozen=True)
class SeenOrganization:
    """An organization as a caller sees it: its members with `org:read`, its open invitations with `org:admin`."""

    organization: Organization
    role: str | None
    is_default: bool
    is_open: bool
    """Whether the caller may see more of it than its name."""
    members: Sequence[Membership]
    invitations: Sequence[Invitation]


@dataclass(frozen=True)
class SeenProject:
    """A project as a caller sees it, with their role there.

    Without `org:read` they see those of its members that belong to the project itself.
    """

    project: Project
    role: str | None
    members: Sequence[Membership]


def organizations_seen_by(caller: Caller) -> Iterator[Place]:
    """Yields the organizations that the caller may see, oldest first."""
    return _places(caller, organizations_of(caller.user_id))


def see_organizations(caller: Caller) -> list[SeenOrganization]:
    """Returns the organizations that the caller may see, oldest first."""
    oldest = _oldest(caller)
    return [_see(replace(caller, place=place), oldest) for place in organizations_seen_by(caller)]


def see_deleted_organizations(caller: Caller) -> list[SeenOrganization]:
    """Returns the deleted organizations that the caller may restore, oldest first."""
    places = _places(caller, organizations_of(caller.user_id, deleted=True))
    callers = (replace(caller, place=place) for place in places)
    return [_see(each, oldest=None) for each in callers if "org:admin" in each.scopes]


def see_organization(caller: Caller) -> SeenOrganization:
    """Returns the organization where the caller is."""
    return _see(caller, _oldest(caller))


def _places(caller: Caller, public_ids: Iterable[str]) -> Iterator[Place]:
    found = (place_of(caller, org=public_id) for public_id in public_ids)
    return (place for place in found if place is not None)


def _oldest(caller: Caller) -> str | None:
    return next(iter(organizations_of(caller.user_id)), None)


def _see(caller: Caller, oldest: str | None) -> SeenOrganization:
    place, scopes = caller.here, caller.scopes
    with tenant_tx(place.control):
        return SeenOrganization(
            organization=Organization.objects.get(id=place.org_id),
            role=place.org_role,
            is_default=place.org_public_id == oldest,
            is_open="org:read" in scopes,
            members=list(_memberships().filter(project=None)) if "org:read" in scopes else [],
            invitations=list(_open_invitations()) if "org:admin" in scopes else [],
        )


def see_project(caller: Caller) -> SeenProject:
    """Returns the project where the caller is."""
    with tenant_tx(caller.here.control):
        [seen] = _seen(caller, Project.objects.filter(id=caller.here.project_id))
        return seen


def projects_seen_by(caller: Caller, *, deleted: bool = False) -> list[SeenProject]:
    """Returns the projects of the organization where the caller is that they may read, oldest first.

    With `deleted`, the deleted ones that they may restore instead. A key of a project sees that one only, unless the
    organization was made with the key.
    """
    here, key = caller.here, caller.key
    with tenant_tx(here.control):
        projects = Project.objects.filter(is_control=False, deleted_at__isnull=not deleted, erased_at=None)
        if key is not None and key.is_of_project and not key.has_made(here):
            projects = projects.filter(id=key.home.project_id)
        scope = "project:admin" if deleted else "project:read"
        return [seen for seen in _seen(caller, projects.order_by("created_at", "id")) if _may(caller, scope, seen)]


def _seen(caller: Caller, projects: Iterable[Project]) -> list[SeenProject]:
    by_project: dict[UUID | None, dict[UUID, Membership]] = {}
    for membership in _memberships():
        by_project.setdefault(membership.project_id, {})[membership.user_id] = membership
    of_organization = by_project.get(None, {})
    sees_all = "org:read" in caller.scopes
    seen = []
    for project in projects:
        own = by_project.get(project.id, {})
        everybody = of_organization | own
        role = everybody[caller.user_id].role if caller.user_id in everybody else None
        seen.append(SeenProject(project, role, list((everybody if sees_all else own).values())))
    return seen


def _may(caller: Caller, scope: str, seen: SeenProject) -> bool:
    scopes = scopes_in_project(seen.role, None)
    return scope in (caller.key.narrows(scopes) if caller.key else scopes)


def _memberships() -> QuerySet[Membership]:
    """Of the organization and all of its projects."""
    return Membership.objects.select_related("user").order_by("created_at", "id")


def _open_invitations() -> QuerySet[Invitation]:
    still_open = pending().filter(expires_at__gt=timezone.now())
    return still_open.select_related("project").order_by("created_at", "id")
