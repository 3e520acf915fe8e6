"""Who calls and where they are: the only door to what must be known before the tenant is (design.md §2)."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from loci.tenancy.context import Tenant
from orgs import keys
from orgs.models import KeyKind, Organization, Project
from orgs.roles import scopes_in_organization, scopes_in_project


@dataclass(frozen=True)
class Place:
    """An organization, and maybe one of its projects with the settings that requests ask for; and the roles there.

    `project_id` is None where only the organization is meant.
    """

    org_id: UUID
    org_public_id: str
    org_name: str
    org_role: str | None
    control_id: UUID
    made_with: UUID | None = None
    project_id: UUID | None = None
    project_public_id: str = ""
    project_name: str = ""
    project_role: str | None = None
    add_wait_ms: int = 0
    v1_is_synchronous: bool = False
    shows_superseded: bool = False
    attribution: str = ""
    decays: bool = False
    has_feedback: bool = False
    is_deleted: bool = False

    @property
    def scopes(self) -> frozenset[str]:
        """Returns what the person's roles allow here."""
        in_organization = scopes_in_organization(self.org_role)
        if self.project_id is None:
            return in_organization
        return in_organization | scopes_in_project(self.org_role, self.project_role)

    @property
    def control(self) -> Tenant:
        """Returns the organization's control project, in whose transactions its own rows are read and changed."""
        return Tenant(project_id=self.control_id, org_id=self.org_id)

    def organization(self) -> "Place":
        """Returns the organization alone."""
        return Place(
            org_id=self.org_id,
            org_public_id=self.org_public_id,
            org_name=self.org_name,
            org_role=self.org_role,
            control_id=self.control_id,
            made_with=self.made_with,
        )


@dataclass(frozen=True)
class Key:
    """The API key that a request came with. `home` is where it belongs: to a project, or to an organization."""

    id: UUID
    kind: str
    scopes: frozenset[str]
    entity: str
    allowed_cidrs: tuple[str, ...]
    rate_per_minute: int | None
    daily_quota: int | None
    last_used_at: datetime | None
    pepper_id: str
    home: Place
    is_ending: bool = False
    """Whether it expires, or was rotated."""
    successor_of: tuple[UUID, ...] = ()
    """The keys that were rotated into this one, one after the other."""
    is_confined: bool = False
    """Whether it never leaves its organization, whoever made another one with it."""

    @property
    def is_of_project(self) -> bool:
        """Tells whether the key acts on its own project only."""
        return self.kind != KeyKind.ORGANIZATION

    def has_made(self, place: Place) -> bool:
        """Tells whether the organization was made with this key, or with one that was rotated into it.

        A confined key has made none: what it was rotated from may have.
        """
        return not self.is_confined and place.made_with in {self.id, *self.successor_of}

    def narrows(self, scopes: frozenset[str]) -> frozenset[str]:
        """Returns those of `scopes` that the key leaves."""
        is_restricted = self.kind == KeyKind.RESTRICTED or (self.kind == KeyKind.ORGANIZATION and self.scopes)
        return scopes & self.scopes if is_restricted else scopes


@dataclass(frozen=True)
class Caller:
    """Who a request acts for: a person, by a key that they made (`key`) or in a session of their own.

    `only_org` is the one organization that a session sees that began at its identity provider. `place` is where the
    request acts; None until the view knows what the request names. `address` is the client's IP.
    """

    user_id: UUID
    user_email: str
    key: Key | None = None
    only_org: UUID | None = None
    place: Place | None = None
    address: str | None = None

    is_authenticated = True
    """What DRF asks of a request's user."""

    @property
    def here(self) -> Place:
        """Returns where the request acts; raises `RuntimeError` before that is known."""
        if self.place is None:
            raise RuntimeError("The view has not located this request.")
        return self.place

    @property
    def tenant(self) -> Tenant:
        """Returns the project of the request; an organization's own is its control project."""
        place = self.here
        entity = self.key.entity if self.key else ""
        return Tenant(project_id=place.project_id or place.control_id, org_id=place.org_id, entity=entity)

    @property
    def scopes(self) -> frozenset[str]:
        """Returns what the caller may do here: what the person's roles allow, as far as the key leaves it."""
        granted = self.here.scopes
        return self.key.narrows(granted) if self.key else granted

    @property
    def is_confined(self) -> bool:
        """Tells whether an organization's provider vouches for the caller, or did when the key was made."""
        return self.key.is_confined if self.key else self.only_org is not None

    @property
    def key_id(self) -> UUID | None:
        """Returns the id of the key, None for a session."""
        return self.key.id if self.key else None


@dataclass(frozen=True)
class Refused:
    """A key that exists and is not to be used: `reason` is for the organization, never for whoever sent it."""

    org_id: UUID
    key_id: UUID
    reason: str


def caller_of(key: str) -> Caller | Refused | None:
    """Returns the caller that `key` stands for, or None for one that is malformed or unknown.

    A well-formed key costs one indexed query; nothing is cached, so a revocation or a lost role counts at once.
    """
    if not keys.is_well_formed(key):
        return None
    row = _first("SELECT * FROM caller_by_digests(%s)", [keys.digests(key)])
    if row is None:
        return None
    if row["refused"]:
        return Refused(org_id=row["org_id"], key_id=row["key_id"], reason=row["refused"])
    is_of_project = row["kind"] != KeyKind.ORGANIZATION
    home = _place(row) if is_of_project else _place(row).organization()
    facts = Key(
        id=row["key_id"],
        kind=row["kind"],
        scopes=frozenset(row["key_scopes"]),
        entity=row["entity"],
        allowed_cidrs=tuple(row["allowed_cidrs"]),
        rate_per_minute=row["rate_per_minute"],
        daily_quota=row["daily_quota"],
        last_used_at=row["last_used_at"],
        pepper_id=row["pepper_id"],
        home=home,
        is_ending=row["is_ending"],
        successor_of=tuple(row["successor_of"]),
        is_confined=row["is_confined"],
    )
    return Caller(user_id=row["user_id"], user_email=row["user_email"], key=facts, only_org=home.org_id, place=home)


def place_of(caller: Caller, *, org: str = "", project: str = "") -> Place | None:
    """Returns the place with these public ids, as far as the caller may see it; None for any other.

    With `project` alone its organization is meant too. A key of a project finds no other project, and no organization
    but its own and those that were made with it.
    """
    row = _first("SELECT * FROM place_of(%s, %s, %s)", [caller.user_id, org, project])
    if row is None:
        return None
    if project and row["org_deleted_at"]:
        return None
    found = _place(row)
    if project and not scopes_in_project(found.org_role, found.project_role):
        return None
    if project and found.project_id is None:
        return None
    return found if _may_enter(caller, found) else None


def _may_enter(caller: Caller, place: Place) -> bool:
    key = caller.key
    if key is not None and key.has_made(place):
        return True
    if caller.only_org not in {None, place.org_id}:
        return False
    is_confined = key is not None and key.is_of_project and place.project_id is not None
    return not is_confined or key is None or place.project_id == key.home.project_id


def organizations_of(user_id: UUID, *, deleted: bool = False) -> list[str]:
    """Returns the public ids of the organizations that the person belongs to, oldest first.

    With `deleted`, of those that are deleted and not yet erased instead.
    """
    return [row["organizations_of"] for row in _rows("SELECT organizations_of(%s, %s)", [user_id, deleted])]


def organization_of_provider(public_id: str) -> UUID | None:
    """Returns the id of the organization that has the identity provider `sso_…`; None for no such one."""
    return _rows("SELECT organization_of_provider(%s) AS id", [public_id])[0]["id"]


def organization_of_domain(name: str) -> UUID | None:
    """Returns the id of the organization that has proved the email domain; None where none has."""
    return _rows("SELECT organization_of_domain(%s) AS id", [name])[0]["id"]


def organization_id(public_id: str) -> UUID | None:
    """Returns the id of the organization that is called `org_…`, or has the project `proj_…`; None for no such one.

    For operators' commands, which ask as the owner of the schema: the app's own role sees no organization's rows
    before it knows which one.
    """
    organizations = Organization._base_manager.using("owner")
    named = Q(public_id=public_id) | Q(projects__public_id=public_id, projects__is_control=False)
    return organizations.filter(named).values_list("id", flat=True).first()


def project_tenant(public_id: str) -> Tenant | None:
    """Returns the tenant that the project `proj_…` is; None for no such one, or one that was deleted.

    For operators' commands, as `organization_id`.
    """
    return project_tenants([public_id]).get(public_id)


def project_tenants(public_ids: Collection[str] | None = None) -> dict[str, Tenant]:
    """Returns the tenants of these projects, or of all, by public id, the oldest first; not of deleted ones.

    For operators' commands, as `organization_id`.
    """
    projects = Project._base_manager.using("owner").filter(deleted_at=None, org__deleted_at=None, is_control=False)
    if public_ids is not None:
        projects = projects.filter(public_id__in=public_ids)
    rows = projects.order_by("created_at", "id").values_list("public_id", "id", "org_id")
    return {public_id: Tenant(project_id=project_id, org_id=org_id) for public_id, project_id, org_id in rows}


def _place(row: dict[str, Any]) -> Place:
    settings = ("add_wait_ms", "v1_is_synchronous", "shows_superseded", "attribution", "decays", "has_feedback")
    place = Place(
        org_id=row["org_id"],
        org_public_id=row["org_public_id"],
        org_name=row["org_name"],
        org_role=row["org_role"],
        control_id=row["control_id"],
        made_with=row.get("made_with"),
        is_deleted=bool(row.get("org_deleted_at") or row.get("project_deleted_at")),
    )
    if row["project_id"] is None:
        return place
    return replace(
        place,
        project_id=row["project_id"],
        project_public_id=row["project_public_id"],
        project_name=row["project_name"],
        project_role=row["project_role"],
        **{name: row[name] for name in settings},
    )


def _first(statement: str, parameters: list[Any]) -> dict[str, Any] | None:
    return next(iter(_rows(statement, parameters)), None)


def _rows(statement: str, parameters: list[Any]) -> list[dict[str, Any]]:
    """Asks outside of any tenant, and gives the connection back to the pool at once."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    finally:
        if not connection.in_atomic_block:
            connection.close()
