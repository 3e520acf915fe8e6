"""Reads of the control plane, and the only door to what must be known before the tenant is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils import timezone

from loci.tenancy.context import Tenant
from orgs import keys


@dataclass(frozen=True)
class Caller:
    """Who a request acts for: an API key, its project and its maker."""

    key_id: UUID
    tenant: Tenant
    org_public_id: str
    project_public_id: str
    user_email: str
    scopes: frozenset[str]
    add_wait_ms: int
    last_used_at: datetime | None

    is_authenticated = True
    """What DRF asks of a request's user."""


LOOKUP = "SELECT * FROM api_key_by_digest(%s)"


def caller_of(key: str) -> Caller | None:
    """Returns the caller that `key` stands for, or None for a key that is malformed, unknown, revoked or expired.

    A well-formed key costs one indexed query; nothing is cached, so revocation is immediate.
    """
    if not keys.is_well_formed(key):
        return None
    try:
        with connection.cursor() as cursor:
            cursor.execute(LOOKUP, [keys.digest(key)])
            row = cursor.fetchone()
    finally:
        if not connection.in_atomic_block:
            connection.close()
    if row is None:
        return None
    (
        key_id,
        org_id,
        project_id,
        org_public_id,
        project_public_id,
        email,
        scopes,
        add_wait_ms,
        expires_at,
        last_used_at,
    ) = row
    if expires_at is not None and expires_at <= timezone.now():
        return None
    return Caller(
        key_id=key_id,
        tenant=Tenant(project_id=project_id, org_id=org_id),
        org_public_id=org_public_id,
        project_public_id=project_public_id,
        user_email=email,
        scopes=frozenset(scopes),
        add_wait_ms=add_wait_ms,
        last_used_at=last_used_at,
    )
