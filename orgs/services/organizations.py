"""Changes of organizations."""

from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone

from loci.errors import DomainError
from loci.tenancy.context import Tenant, tenant_tx
from loci.tenancy.models import new_id
from orgs import audit
from orgs.listings import organizations_seen_by
from orgs.models import Membership, Organization, Project, Role, User
from orgs.queries import Caller, organizations_of, place_of
from orgs.services.authority import is_unrestricted

MAX_OWNED = 50
RESTRICTED = (
    "Only a person who logged in, or an API key without restrictions, may create an organization; not through an"
    " organization's identity provider."
)
TOO_MANY = f"You own {MAX_OWNED} organizations, deleted ones among them until they are erased, and nobody may own more."
CLOSED = "Sign-up is closed: only who owns an organization may create another one."


def create_organization(*, name: str, owner: User) -> Project:
    """Makes an organization with its control project and a default project; returns the default one.

    Its audit log is empty: whoever calls says there who made it.
    """
    tenant = Tenant(project_id=new_id(), org_id=new_id())
    with tenant_tx(tenant):
        return _make(tenant, name, owner.id)


def found_organization(by: Caller, *, name: str, org_id: UUID | None = None) -> Organization:
    """Makes an organization that the caller owns, and that the key may enter with which they ask.

    Where they made one under this `org_id` before, that one is returned. Raises `DomainError` (403) for keys that hand
    on nothing, for sessions of an identity provider and the keys made in them, where sign-up is closed for whoever owns
    no organization, and for whoever owns `MAX_OWNED`.
    """
    _check_may_found(by)
    tenant = Tenant(project_id=new_id(), org_id=org_id or new_id())
    try:
        with tenant_tx(tenant):
            _check_owns_few(by, tenant)
            org: Organization = _make(tenant, name, by.user_id, made_with=by.key_id).org
            audit.record(by, "organization.create", "organization", org.public_id)
            return org
    except IntegrityError:
        with tenant_tx(tenant):
            made: Organization = Organization.objects.get()
            return made


def may_own_another(user_id: UUID, *, than: UUID | None = None) -> bool:
    """Tells whether the person owns fewer than `MAX_OWNED` organizations, those that can be restored among them.

    The organization `than` is not counted.
    """
    public_ids = [*organizations_of(user_id), *organizations_of(user_id, deleted=True)]
    if len(public_ids) < MAX_OWNED:
        return True
    person = Caller(user_id=user_id, user_email="")
    places = filter(None, (place_of(person, org=public_id) for public_id in public_ids))
    return sum(place.org_role == Role.OWNER and place.org_id != than for place in places) < MAX_OWNED


def rename_organization(by: Caller, *, name: str) -> None:
    """Renames the organization where the caller is."""
    with tenant_tx(by.here.control):
        Organization.objects.filter(id=by.here.org_id).update(name=name, updated_at=timezone.now())
        audit.record(by, "organization.rename", "organization", by.here.org_public_id)


def _check_may_found(by: Caller) -> None:
    if not is_unrestricted(by) or by.is_confined:
        raise _unauthorized(RESTRICTED)
    if not settings.SIGN_UP and not any(place.org_role == Role.OWNER for place in organizations_seen_by(by)):
        raise _unauthorized(CLOSED)


def _check_owns_few(by: Caller, new: Tenant) -> None:
    """Of two who found at once, the second one counts what the first one made. A repeat is not counted."""
    User.objects.select_for_update().get(pk=by.user_id)
    if not may_own_another(by.user_id, than=new.org_id):
        raise DomainError(TOO_MANY, status=403, body={"message": TOO_MANY})


def _unauthorized(why: str) -> DomainError:
    return DomainError(why, status=403, body={"message": "Unauthorized"})


def _make(tenant: Tenant, name: str, owner_id: UUID, made_with: UUID | None = None) -> Project:
    org = Organization.objects.create(id=tenant.org_id, name=name, made_with=made_with)
    Membership.objects.create(org=org, user_id=owner_id, role=Role.OWNER)
    Project.objects.create(id=tenant.project_id, org=org, name="control", is_control=True)
    project: Project = Project.objects.create(
        org=org, name="default-project", is_default=True, add_wait_ms=settings.ADD_WAIT_MS
    )
    return project
