"""What was deleted is erased: every row of a project, or of an organization with all of its projects.

The rows of the projects and of the organization itself stay as empty shells, for the usage ledger and the audit log,
which hold ids and numbers only. How many rows went, by table, is kept in the shells' settings until the audit log
certifies it.
"""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from typing import Any, cast
from uuid import UUID

from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.db.models import QuerySet
from django.utils import timezone

from loci.tenancy.context import Tenant, current_project_id, tenant_tx
from loci.tenancy.models import TenantForeignKey
from loci.tenancy.registry import PROJECT_TABLES
from orgs import audit
from orgs.models import ApiKey, Domain, IdentityProvider, Invitation, Membership, Organization, Project
from orgs.services.mailing import of_organization
from workers import jobs
from workers.jobs import Claim
from workers.models import Job

BATCH = 1000
STEP_S = 3.0
"""Whoever runs the job erases for this long, and leaves the rest to the next step."""

KEPT = frozenset({"usage_entry"})
"""Project tables that outlive their project: numbers, of which bills are made."""


@dataclass(frozen=True)
class Erasure:
    """What a job erases: `projects`, of an organization all of them, its own `control` project at the end."""

    control: Tenant
    kind: str
    target: UUID
    projects: tuple[Tenant, ...]


def perform_erasure(claim: Claim) -> None:
    """Takes one step of a claimed erasure. Raises `jobs.Unfinished` when more is left, and `Fenced`.

    `claim.event_id` is the project or organization. Only what is deleted is erased, and from the first step on it can
    not be restored.
    """
    deadline = time.monotonic() + STEP_S
    erasure = _begin(claim)
    for project in erasure.projects:
        while _erase_some(project, with_organization=project == erasure.control, but=claim.job_id):
            if time.monotonic() > deadline:
                raise jobs.Unfinished
    _certify(claim, erasure)


def _begin(claim: Claim) -> Erasure:
    """Closes the way back, and forgets the names."""
    control = of_organization(claim.tenant)
    target = cast("UUID", claim.event_id)
    kind = "organization" if target == control.org_id else "project"
    with tenant_tx(control):
        jobs.hold(claim)
        projects = _deleted_organization() if kind == "organization" else _deleted_project(target)
        projects.filter(erased_at=None).update(erased_at=timezone.now(), name="", description="", settings={})
        ids = projects.order_by("is_control", "id").values_list("id", flat=True)
        tenants = tuple(Tenant(project_id=project_id, org_id=control.org_id) for project_id in ids)
    return Erasure(control, kind, target, tenants)


def _deleted_organization() -> QuerySet[Any]:
    deleted = Organization.objects.filter(deleted_at__isnull=False)
    deleted.filter(erased_at=None).update(erased_at=timezone.now(), name="")
    return Project.objects.filter(org__in=deleted)


def _deleted_project(project_id: UUID) -> QuerySet[Any]:
    return Project.objects.filter(id=project_id, deleted_at__isnull=False)


def _erase_some(project: Tenant, *, with_organization: bool, but: UUID) -> bool:
    """Deletes up to 1,000 rows of one table, in one commit; returns whether there were any."""
    with tenant_tx(project):
        for rows in _doomed(with_organization=with_organization, but=but):
            if erased := _delete_some(rows):
                _count(rows.model._meta.db_table, erased)
                return True
    return False


def _doomed(*, with_organization: bool, but: UUID) -> Iterator[QuerySet[Any]]:
    """Yields all rows to delete, by table. Jobs are first: what still runs fails its fence, and commits nothing."""
    yield Job.objects.exclude(id=but)
    for model in _children_first():
        yield model.objects.all()
    if with_organization:
        providers = IdentityProvider.objects.values_list("public_id", flat=True)
        yield SocialAccount.objects.filter(provider__in=list(providers))
        yield from (model.objects.all() for model in (IdentityProvider, Domain, Invitation, ApiKey, Membership))
    else:
        own = {"project_id": current_project_id()}
        yield from (model.objects.filter(**own) for model in (Invitation, ApiKey, Membership))


@cache
def _children_first() -> tuple[Any, ...]:
    """A reference is checked at the end of a commit: what refers to a row goes in the same one, or in one before."""
    tables = PROJECT_TABLES - KEPT - {Job._meta.db_table}
    models: list[Any] = [model for model in apps.get_models() if model._meta.db_table in tables]
    parents = {
        model: {field.related_model for field in model._meta.local_fields if isinstance(field, TenantForeignKey)}
        - {model}
        for model in models
    }
    return tuple(reversed(list(TopologicalSorter(parents).static_order())))


def _delete_some(rows: QuerySet[Any]) -> int:
    ids = list(rows.values_list("pk", flat=True)[:BATCH])
    if ids:
        for name in _references_to_itself(rows.model):
            rows.filter(**{f"{name}__in": ids}).update(**{name: None})
        rows.filter(pk__in=ids).delete()
    return len(ids)


def _references_to_itself(model: Any) -> list[str]:
    references = (field for field in model._meta.local_fields if isinstance(field, TenantForeignKey))
    return [field.name for field in references if field.related_model is model]


def _count(table: str, erased: int) -> None:
    shell = Project.objects.select_for_update(no_key=True).get(id=current_project_id())
    counts = Counter(shell.settings) + Counter({table: erased})
    Project.objects.filter(id=shell.id).update(settings=counts)


def _certify(claim: Claim, erasure: Erasure) -> None:
    with tenant_tx(erasure.control):
        shells = Project.objects.filter(id__in=[project.project_id for project in erasure.projects])
        erased = sum((Counter(counts) for counts in shells.values_list("settings", flat=True)), Counter[str]())
        shells.update(settings={})
        jobs.finish(claim)
        model = Organization if erasure.kind == "organization" else Project
        public_id = model.objects.values_list("public_id", flat=True).get(id=erasure.target)
        audit.record(audit.SYSTEM, f"{erasure.kind}.erase", erasure.kind, public_id, rows=erased)
