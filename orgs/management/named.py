"""The organizations and the project that an operator's command is about."""

from django.core.management.base import CommandError, CommandParser

from loci.tenancy.context import Tenant
from orgs.models import Organization
from orgs.queries import project_tenant


def take_organizations(parser: CommandParser) -> None:
    """Takes organizations' public ids; none means all."""
    parser.add_argument("organizations", nargs="*", help="org_…; without one, all organizations are meant")


def named_organizations(public_ids: list[str]) -> list[Organization]:
    """Returns the organizations with these ids, or all, oldest first; raises `CommandError` for an unknown id.

    Asked as the owner of the schema: the app's own role sees no organization before it knows which one.
    """
    every = Organization._base_manager.using("owner").order_by("created_at", "id")
    found = list(every.filter(public_id__in=public_ids) if public_ids else every)
    if unknown := sorted(set(public_ids) - {organization.public_id for organization in found}):
        raise CommandError(f"There is no organization {unknown[0]}.")
    return found


def named_project(public_id: str, *, returncode: int = 1) -> Tenant:
    """Returns the tenant that the project `proj_…` is; raises `CommandError` for an unknown or a deleted one."""
    tenant = project_tenant(public_id)
    if tenant is None:
        raise CommandError(f"There is no project {public_id}.", returncode=returncode)
    return tenant
