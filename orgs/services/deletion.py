"""Projects and organizations are deleted: hidden at once, restored by one call, erased when the time for that is over.

See design.md §2 (Deleting) and contract.md §10.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from loci.errors import NotFound
from loci.tenancy.context import tenant_tx
from orgs import audit
from orgs.models import Organization, Project
from orgs.queries import Caller
from orgs.services.authority import lock_members_as
from workers import jobs

ERASE = "erase"
QUEUE = "maintenance"
UNDER_WAY = timedelta(minutes=5)
"""Erasure waits at least this long: requests that had begun before the deletion have ended by then."""

PROJECT_IS_GONE = "Organization or project not found"
ORGANIZATION_IS_GONE = "Organization not found"
RESTORED = "It was restored."


def delete_project(by: Caller) -> datetime:
    """Deletes the project where the caller is: nobody reaches it any more, and its keys are refused.

    Returns when its data will be erased; until then it can be restored. If it was the default project, the oldest
    that is left becomes it. Raises `NotFound` for one that was deleted meanwhile.
    """
    project_id = _project_of(by)
    with tenant_tx(by.here.control):
        lock_members_as(by)
        living = Project.objects.filter(id=project_id, deleted_at=None)
        if not living.update(deleted_at=timezone.now(), is_default=False):
            raise _not_found(PROJECT_IS_GONE)
        _settle_default()
        erased_at = _erase_later(project_id)
        audit.record(by, "project.delete", "project", by.here.project_public_id, erased_at=erased_at.isoformat())
    return erased_at


def restore_project(by: Caller) -> None:
    """Brings back the project where the caller is; one that is not deleted stays as it is.

    Raises `NotFound` for one whose erasure began meanwhile.
    """
    project_id = _project_of(by)
    with tenant_tx(by.here.control):
        lock_members_as(by)
        if _bring_back(Project, project_id, PROJECT_IS_GONE):
            _settle_default()
            audit.record(by, "project.restore", "project", by.here.project_public_id)


def delete_organization(by: Caller) -> datetime:
    """Deletes the organization where the caller is, with all of its projects; only its owners can still restore it.

    Returns when its data will be erased. Raises `NotFound` for one that was deleted meanwhile.
    """
    here = by.here
    with tenant_tx(here.control):
        if not Organization.objects.filter(id=here.org_id, deleted_at=None).update(deleted_at=timezone.now()):
            raise _not_found(ORGANIZATION_IS_GONE)
        erased_at = _erase_later(here.org_id)
        audit.record(by, "organization.delete", "organization", here.org_public_id, erased_at=erased_at.isoformat())
    return erased_at


def restore_organization(by: Caller) -> None:
    """Brings back the organization where the caller is, and the projects that were not deleted before it.

    One that is not deleted stays as it is. Raises `NotFound` for one whose erasure began meanwhile.
    """
    here = by.here
    with tenant_tx(here.control):
        if _bring_back(Organization, here.org_id, ORGANIZATION_IS_GONE):
            audit.record(by, "organization.restore", "organization", here.org_public_id)


def _project_of(by: Caller) -> UUID:
    if by.here.project_id is None:
        raise RuntimeError("The request names no project.")
    return by.here.project_id


def _settle_default() -> None:
    """One living project is the default one, as long as there is any."""
    living = Project.objects.filter(is_control=False, deleted_at=None)
    if not living.filter(is_default=True).exists():
        oldest = living.order_by("created_at", "id").values("id")[:1]
        Project.objects.filter(id__in=oldest).update(is_default=True)


def _erase_later(target: UUID) -> datetime:
    due = timezone.now() + max(timedelta(days=settings.RECOVERY_DAYS), UNDER_WAY)
    jobs.enqueue(kind=ERASE, queue=QUEUE, event_id=target, not_before=due)
    return due


def _bring_back(model: type[Organization] | type[Project], target: UUID, gone: str) -> bool:
    """Returns whether it was deleted. The job is locked first, as whoever erases does."""
    jobs.cancel([target], RESTORED)
    if model.objects.filter(id=target, erased_at__isnull=False).exists():
        raise _not_found(gone)
    return bool(model.objects.filter(id=target, deleted_at__isnull=False).update(deleted_at=None))


def _not_found(words: str) -> NotFound:
    return NotFound(words, body={"message": words})
