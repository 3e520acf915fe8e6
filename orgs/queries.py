"""Reads of the control plane, and the only door to what must be known before the tenant is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from loci.tenancy.context import Tenant
from orgs import keys
from orgs.models import Organization


@dataclass(frozen=True)
class Caller:
    """Who a request acts for: an API key, its project with the settings that requests ask for, and its maker."""

    key_id: UUID
    tenant: Tenant
    org_public_id: str
    project_public_id: str
    org_name: str
    project_name: str
    user_email: str
    scopes: frozenset[str]
    add_wait_ms: int
    v1_is_synchronous: bool
    shows_superseded: bool
    attribution: str
    expires_at: datetime | None
    last_used_at: datetime | None

    is_authenticated = True
    """What DRF asks of a request's user."""


LOOKUP = (
    "SELECT key_id, org_id, project_id, org_public_id, project_public_id, org_name, project_name, user_email, scopes,"
    " add_wait_ms, v1_is_synchronous, shows_superseded, attribution, expires_at, last_used_at"
    " FROM caller_by_digest(%s)"
)


def caller_of(key: str) -> Caller | None:
    """Returns the caller that `key` stands for, or None for a key that is malformed, unknown, revoked or expired.

    A well-formed key costs one indexed query; nothing is cached, so revocation is immediate.
    """
    if not keys.is_well_formed(key):
        return None
    row = _looked_up(keys.digest(key))
    if row is None:
        return None
    tenant = Tenant(project_id=row.pop("project_id"), org_id=row.pop("org_id"))
    caller = Caller(tenant=tenant, scopes=frozenset(row.pop("scopes")), **row)
    return None if caller.expires_at is not None and caller.expires_at <= timezone.now() else caller


def _looked_up(digest: bytes) -> dict[str, Any] | None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(LOOKUP, [digest])
            row = cursor.fetchone()
            names = [column.name for column in cursor.description or ()]
    finally:
        if not connection.in_atomic_block:
            connection.close()
    return dict(zip(names, row, strict=True)) if row else None


def organization_id(public_id: str) -> UUID | None:
    """Returns the id of the organization that is called `org_…`, or has the project `proj_…`; None for no such one.

    For operators' commands, which ask as the owner of the schema: the app's own role sees no organization's rows
    before it knows which one.
    """
    organizations = Organization._base_manager.using("owner")
    named = Q(public_id=public_id) | Q(projects__public_id=public_id, projects__is_control=False)
    return organizations.filter(named).values_list("id", flat=True).first()
