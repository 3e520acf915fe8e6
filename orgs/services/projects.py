"""Changes of projects."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from loci.tenancy.context import current_project_id, org_tx, tenant_tx
from orgs import audit
from orgs.models import Project
from orgs.project_settings import DEFAULTS, with_changes
from orgs.queries import Caller


def create_project(by: Caller, *, name: str, description: str = "") -> Project:
    """Makes a project in the organization where the caller is. The organization's owners own it."""
    with tenant_tx(by.here.control):
        project: Project = Project.objects.create(
            org_id=by.here.org_id, name=name, description=description, add_wait_ms=settings.ADD_WAIT_MS
        )
        audit.record(by, "project.create", "project", project.public_id)
        return project


def change_project(by: Caller, changes: Mapping[str, Any]) -> Project:
    """Changes the project where the caller is: its name, its description, and its settings by name; None clears one."""
    with tenant_tx(by.here.control):
        return _change(by, by.here.project_public_id, changes)


def configure_project(org_id: UUID, public_id: str, changes: Mapping[str, Any]) -> Project:
    """Changes a project of this organization as its operator, and returns it."""
    with org_tx(org_id):
        return _change(audit.SYSTEM, public_id, changes)


def note_feedback() -> None:
    """Notes that the current project has feedback for searches to weigh, inside the caller's `tenant_tx`."""
    Project.objects.filter(id=current_project_id(), has_feedback=False).update(has_feedback=True)


def _change(by: Caller | audit.Actor, public_id: str, changes: Mapping[str, Any]) -> Project:
    project: Project = Project.objects.select_for_update(no_key=True).get(public_id=public_id)
    if not changes:
        return project
    kept = {name: value for name, value in changes.items() if name in DEFAULTS}
    columns = {name: value for name, value in changes.items() if name not in DEFAULTS}
    columns["settings"] = with_changes(project.settings, kept)
    Project.objects.filter(id=project.id).update(**columns, updated_at=timezone.now())
    audit.record(by, "project.update", "project", project.public_id, changed=sorted(changes))
    project.refresh_from_db()
    return project
