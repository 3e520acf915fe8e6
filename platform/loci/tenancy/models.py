"""What every table of a project has in common."""

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import models
from uuid_utils.compat import uuid7

from loci.tenancy.context import current_org_id, current_project_id

M = TypeVar("M", bound=models.Model)


def new_id() -> UUID:
    """Returns a UUIDv7: unique, and ordered by the time of its making."""
    return uuid7()


def first_id(moment: datetime) -> UUID:
    """Returns an id below all that are made from this moment on: older rows are found by the key of their table."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=milliseconds << 80)


class TenantManager(models.Manager[M]):
    """Finds rows of the current project only, and raises `NoTenant` where there is none (reliability.md §2.2)."""

    def get_queryset(self) -> models.QuerySet[M]:
        """Returns the current project's rows."""
        queryset = super().get_queryset()
        if not settings.TENANT_ORM_SCOPING:
            return queryset
        return queryset.filter(project_id=current_project_id())


class OrgManager(models.Manager[M]):
    """Finds rows of the current organization only, and raises `NoTenant` where there is none."""

    def get_queryset(self) -> models.QuerySet[M]:
        """Returns the current organization's rows."""
        queryset = super().get_queryset()
        if not settings.TENANT_ORM_SCOPING:
            return queryset
        org_column = "id" if self.model._meta.db_table == "organization" else "org_id"
        return queryset.filter(**{org_column: current_org_id()})


class ProjectTable(models.Model):
    """A table of kind "project" (loci.tenancy.registry); its migration needs a `TenantTable` operation.

    The database's key is (project_id, id) and its references are composite, so they cannot cross tenants.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(
        "orgs.Project",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        default=current_project_id,
        related_name="+",
        editable=False,
    )

    objects: TenantManager[Any] = TenantManager()

    class Meta:
        abstract = True


class TenantForeignKey(models.ForeignKey[Any, Any]):
    """A reference within the project: `TenantTable` makes it (project_id, <name>_id) in the database."""

    def __init__(self, to: str | type[models.Model], **kwargs: Any) -> None:
        kwargs = {
            "on_delete": models.DO_NOTHING,
            "db_constraint": False,
            "db_index": False,
            "related_name": "+",
            **kwargs,
        }
        super().__init__(to, **kwargs)
