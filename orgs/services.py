"""Changes of the control plane, one function per use case."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from loci.tenancy.context import org_tx
from loci.tenancy.models import new_id
from orgs import keys
from orgs.models import ApiKey, Membership, Organization, Project, Role, User
from orgs.queries import Caller

TOUCH_EVERY = timedelta(minutes=1)


def create_organization(*, name: str, owner: User) -> Project:
    """Makes an organization with its control project and a default project; returns the default one."""
    org_id = new_id()
    with org_tx(org_id):
        org = Organization.objects.create(id=org_id, name=name)
        Membership.objects.create(org=org, user=owner, role=Role.OWNER)
        Project.objects.create(org=org, name="control", is_control=True)
        return Project.objects.create(
            org=org, name="default-project", is_default=True, add_wait_ms=settings.ADD_WAIT_MS
        )


def change_project(org_id: UUID, public_id: str, **changes: Any) -> Project:
    """Changes settings of a project of this organization, by column, and returns the project."""
    with org_tx(org_id):
        if changes:
            Project.objects.filter(public_id=public_id).update(**changes, updated_at=timezone.now())
        return Project.objects.get(public_id=public_id)


def create_api_key(*, project: Project, maker: User, name: str, scopes: tuple[str, ...] = keys.DEFAULT_SCOPES) -> str:
    """Makes a key of `project` and returns it: the only time that it can be seen."""
    key = keys.new_key()
    with org_tx(project.org_id):
        ApiKey.objects.create(
            org_id=project.org_id,
            project=project,
            name=name,
            digest=keys.digest(key),
            display=keys.display(key),
            scopes=list(scopes),
            created_by=maker,
        )
    return key


def touch_key(caller: Caller) -> None:
    """Notes that the caller's key is in use, at most once a minute."""
    now = timezone.now()
    if caller.last_used_at and now - caller.last_used_at < TOUCH_EVERY:
        return
    assert caller.tenant.org_id  # noqa: S101 - the lookup always names the organization
    with org_tx(caller.tenant.org_id):
        ApiKey.objects.filter(id=caller.key_id).update(last_used_at=now)
