"""Keys that somebody found in public: they end at once, and whom they concern is told (reliability.md §2.1)."""

from collections.abc import Iterable
from uuid import UUID

from loci.tenancy.context import Tenant, org_tx, tenant_tx
from orgs import audit
from orgs.models import ActorType, ApiKey, Project
from orgs.queries import Caller, Refused, caller_of
from orgs.services.api_keys import revoke
from orgs.services.mailing import of_organization, send_mail
from orgs.services.owners import emails_of_owners
from workers import jobs
from workers.doorbell import announce
from workers.jobs import Claim

KIND = "leak"
QUEUE = "maintenance"
SUBJECT = "A leaked API key was revoked"


def report_leaked_keys(found: Iterable[str], address: str) -> None:
    """Revokes those of the strings that are keys, each in a commit with its audit entry and the job of its mail.

    A key that does not work at the moment is revoked too: its maker may come back. `address` is that of whoever
    reports, for the audit log. Any well-formed string costs one query, known or not.
    """
    for text in dict.fromkeys(found):
        key = caller_of(text)
        if isinstance(key, Caller):
            _end(key.here.org_id, key.key_id, address)
        elif isinstance(key, Refused):
            _end(key.org_id, key.key_id, address)


def mail_leaked_key(claim: Claim) -> None:
    """Does a claimed job: tells the key's maker and the organization's owners. Raises `DependencyError` and `Fenced`.

    Where the mail server takes one mail and not the next, all are sent again.
    """
    tenant = of_organization(claim.tenant)
    with tenant_tx(tenant):
        key = ApiKey.objects.select_related("org", "project", "created_by").filter(id=claim.event_id).first()
        people = emails_of_owners(key.created_by_id) if key else []
    for email in people:
        send_mail([email], SUBJECT, "leaked_key", {"key": key})
    with tenant_tx(tenant):
        jobs.finish(claim)


def _end(org_id: UUID, key_id: UUID | None, address: str) -> None:
    with org_tx(org_id):
        tenant = Tenant(project_id=Project.objects.get(is_control=True).id, org_id=org_id)
    with tenant_tx(tenant):
        if not revoke(ApiKey.objects.get(id=key_id)):
            return
        audit.record(audit.Actor(ActorType.ANONYMOUS, key_id=key_id, ip=address), "key.leak", "key", key_id)
        job = jobs.enqueue(kind=KIND, queue=QUEUE, event_id=key_id)
    if job.published_at is not None:
        announce(tenant, job)
