"""The audit log is kept for a time; what is left after that still proves itself (reliability.md §2.13)."""

from datetime import datetime
from uuid import UUID

from django.db import connections, transaction
from psycopg import sql

from loci.tenancy.context import org_tx
from orgs import audit
from orgs.audit_queries import last_older_than
from orgs.models import Organization


def prune(organization: Organization, before: datetime) -> int:
    """Deletes the organization's entries from before this moment, up to the first younger one; returns how many.

    An anchor comes first, as an entry of the log itself: number and hash of the last one that goes. A crash after it
    leaves a log that is whole, and the next call deletes the rest.
    """
    with org_tx(organization.id):
        last = last_older_than(before)
        if last is None:
            return 0
        audit.record(
            audit.SYSTEM, audit.PRUNE, "organization", organization.public_id, number=last.number, hash=last.hash
        )
    return _delete(organization.id, until=last.number)


def _delete(org_id: UUID, *, until: int) -> int:
    """The owner of the schema is bound by the policy too."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(sql.SQL("SET LOCAL app.org = {}").format(str(org_id)))
        cursor.execute("DELETE FROM audit_entry WHERE org_id = %s AND number <= %s", [org_id, until])
        return int(cursor.rowcount)
