"""Invitations: offers of a role, mailed to an email, taken by whoever proves that it is theirs.

The link's token is signed and not kept; that an invitation is still open is in its row.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.db.models import Q, QuerySet
from django.utils import timezone

from loci.errors import DomainError, NotFound
from loci.tenancy.context import Tenant, org_tx, tenant_tx
from orgs import audit
from orgs.models import Invitation, Membership, Role
from orgs.queries import Caller, Place
from orgs.services.authority import check_unrestricted, lock_members_as
from orgs.services.mailing import of_organization, send_mail
from orgs.services.owners import check_owners, lock_members
from workers import jobs
from workers.doorbell import announce
from workers.jobs import Claim
from workers.models import Job

KIND = "invite"
QUEUE = "maintenance"
SALT = "orgs.invitation"

MAILS_PER_DAY = 500
MAILS_PER_DAY_TO_ONE = 5
"""An organization mails this many invitations in 24 hours, and to one address: nobody's mailbox is flooded."""

NOT_FOUND = "Invitation not found"
TOO_MANY_MAILS = "Too many invitations were mailed within a day. Try again tomorrow."
FORGED = "There is no such invitation."
CLOSED = "This invitation can no longer be used."
NOT_YOURS = "This invitation is for another email."
OTHER_ORGANIZATION = "You signed in through another organization."


def pending() -> QuerySet[Invitation]:
    """Returns the current organization's invitations that were neither accepted nor revoked; some may have expired."""
    return Invitation.objects.filter(accepted_at=None, revoked_at=None)


def open_invitations(project_id: UUID | None) -> QuerySet[Invitation]:
    """Returns those that can be accepted now, oldest first: of the project, or of the organization itself."""
    found = pending().filter(Q(project_id=project_id), expires_at__gt=timezone.now())
    return found.order_by("created_at", "id")


def project_of(row: Place | Invitation) -> Mapping[str, str]:
    """Returns how the audit log names the project that a place or an invitation is of; nothing for an organization."""
    if isinstance(row, Place):
        return {"project": row.project_public_id} if row.project_id else {}
    return {"project": row.project.public_id} if row.project else {}


def invite(by: Caller, email: str, role: str) -> Job:
    """Offers a role in `by.here` to an email, and returns the job that mails it. Runs under `lock_members`.

    An invitation that is open already, or has expired, is made anew. Raises `DomainError` (429) after too many mails.
    """
    place = by.here
    changes = {"role": role, "invited_by_id": by.user_id, "expires_at": _end()}
    invitation, _ = Invitation.objects.update_or_create(
        changes,
        org_id=place.org_id,
        project_id=place.project_id,
        email=email,
        accepted_at=None,
        revoked_at=None,
    )
    audit.record(by, "invitation.create", "invitation", invitation.id, role=role, **project_of(invitation))
    return _mailed(invitation)


def change_invitation(by: Caller, email: str, role: str) -> bool:
    """Changes the role that `email` is offered in `by.here`, and tells whether one is. Runs under `lock_members`."""
    invitation = pending().filter(Q(project_id=by.here.project_id), email=email).first()
    if invitation is None:
        return False
    Invitation.objects.filter(id=invitation.id).update(role=role)
    audit.record(by, "invitation.change", "invitation", invitation.id, role=role, **project_of(invitation))
    return True


def revoke_invitations(by: Caller, which: Q) -> int:
    """Revokes those of the organization's invitations and returns how many. Runs under `lock_members`."""
    revoked = list(pending().filter(which))
    Invitation.objects.filter(id__in=[each.id for each in revoked]).update(revoked_at=timezone.now())
    for each in revoked:
        audit.record(by, "invitation.revoke", "invitation", each.id, **project_of(each))
    return len(revoked)


def revoke_invitations_of(by: Caller, user_id: UUID) -> None:
    """Revokes what a person offered wherever they own nothing any more. Runs under `lock_members`."""
    roles = dict(Membership.objects.filter(user_id=user_id).values_list("project_id", "role"))
    offered = pending().filter(Q(invited_by_id=user_id)).values_list("id", "project_id")
    lost = [each for each, project_id in offered if (roles.get(project_id) or roles.get(None)) != Role.OWNER]
    revoke_invitations(by, Q(id__in=lost))


def resend_invitation(by: Caller, invitation_id: UUID) -> Job:
    """Makes an invitation last anew and returns the job that mails it again.

    Raises `NotFound` for one that is not pending, and `DomainError`: 429 after too many mails, 403 for keys that hand
    on nothing.
    """
    with tenant_tx(by.here.control):
        by = lock_members_as(by)
        check_unrestricted(by)
        invitation = pending().filter(id=invitation_id).first()
        if invitation is None:
            raise _not_found()
        Invitation.objects.filter(id=invitation_id).update(expires_at=_end())
        audit.record(by, "invitation.resend", "invitation", invitation_id, **project_of(invitation))
        return _mailed(invitation)


def revoke_invitation(by: Caller, invitation_id: UUID) -> None:
    """Makes an invitation's link useless. Raises `NotFound` for one that is not pending."""
    with tenant_tx(by.here.control):
        by = lock_members_as(by)
        if not revoke_invitations(by, Q(id=invitation_id)):
            raise _not_found()


def ring_for(tenant: Tenant, job: Job | None) -> None:
    """Has the mail sent now, if there is one; after the commit."""
    if job is not None and job.published_at is not None:
        announce(tenant, job)


def mail_invitation(claim: Claim) -> None:
    """Does a claimed job: mails the invitation, unless it is closed by now. Raises `DependencyError` and `Fenced`."""
    tenant = of_organization(claim.tenant)
    with tenant_tx(tenant):
        invitation = _find_open(claim.event_id)
    if invitation:
        name = invitation.org.name
        send_mail([invitation.email], f"Invitation to {name}", "invitation", _said_of(invitation))
    with tenant_tx(tenant):
        jobs.finish(claim)


def _said_of(invitation: Invitation) -> dict[str, object]:
    return {
        "inviter": invitation.invited_by.email,
        "organization": invitation.org.name,
        "project": invitation.project.name if invitation.project else "",
        "role": invitation.role,
        "email": invitation.email,
        "link": f"{settings.BASE_URL}/account/invitations/{token_of(invitation)}/",
        "expires_at": invitation.expires_at,
    }


def token_of(invitation: Invitation) -> str:
    """Returns a token for the invitation's link."""
    return signing.dumps([str(invitation.org_id), str(invitation.id)], salt=SALT)


def open_invitation(token: str) -> Invitation:
    """Returns what the token stands for, with its organization, its project and who invites.

    Raises `NotFound` for a token that is none of ours, and `DomainError` (410) for an invitation that is accepted,
    revoked or expired, or of something that was deleted.
    """
    org_id, invitation_id = _read(token)
    with org_tx(org_id):
        return _open(invitation_id)


def accept_invitation(by: Caller, token: str) -> None:
    """Makes the person a member, in one commit; who has accepted the same invitation before, stays so.

    A role that they have there already stays too. Raises as `open_invitation`, and `DomainError`: 403 for who has not
    proved that the invited email is theirs, and for a session that sees only another organization; 400 where the
    narrower role in a project would leave that without an owner.
    """
    org_id, invitation_id = _read(token)
    with org_tx(org_id):
        lock_members()
        if _was_accepted_by(by, invitation_id):
            return
        invitation = _open(invitation_id)
        if refusal := why_not(by, invitation):
            raise DomainError(refusal, status=403)
        Membership.objects.get_or_create(
            {"role": invitation.role},
            org_id=org_id,
            project_id=invitation.project_id,
            user_id=by.user_id,
        )
        check_owners()
        Invitation.objects.filter(id=invitation_id).update(accepted_at=timezone.now())
        audit.record(
            by, "invitation.accept", "invitation", invitation_id, role=invitation.role, **project_of(invitation)
        )


def why_not(by: Caller, invitation: Invitation) -> str:
    """Returns why the person may not accept the invitation, or an empty string."""
    if by.only_org not in {None, invitation.org_id}:
        return OTHER_ORGANIZATION
    proved = EmailAddress.objects.filter(user_id=by.user_id, email=invitation.email, verified=True)
    return "" if proved.exists() else NOT_YOURS


def _open(invitation_id: UUID) -> Invitation:
    invitation = _find_open(invitation_id)
    if invitation is None:
        raise DomainError(CLOSED, status=410)
    return invitation


def _find_open(invitation_id: UUID | None) -> Invitation | None:
    living = pending().filter(expires_at__gt=timezone.now(), org__deleted_at=None, project__deleted_at=None)
    found: Invitation | None = living.filter(Q(id=invitation_id)).select_related("org", "project", "invited_by").first()
    return found


def _was_accepted_by(by: Caller, invitation_id: UUID) -> bool:
    """Whether somebody clicked twice. Only the one commit that makes the membership sets `accepted_at`."""
    accepted = Invitation.objects.filter(id=invitation_id, accepted_at__isnull=False).first()
    if accepted is None:
        return False
    return Membership.objects.filter(project_id=accepted.project_id, user_id=by.user_id).exists()


def _read(token: str) -> tuple[UUID, UUID]:
    try:
        org_id, invitation_id = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        raise NotFound(FORGED) from None
    return UUID(org_id), UUID(invitation_id)


def _end() -> datetime:
    return timezone.now() + timedelta(days=settings.INVITATION_DAYS)


def _mailed(invitation: Invitation) -> Job:
    """The job that mails the invitation, unless too many were mailed already."""
    recent = Job.objects.filter(kind=KIND, created_at__gt=timezone.now() - timedelta(days=1))
    to_one = Invitation.objects.filter(email=invitation.email).values("id")
    if recent.count() >= MAILS_PER_DAY or recent.filter(event_id__in=to_one).count() >= MAILS_PER_DAY_TO_ONE:
        raise DomainError(TOO_MANY_MAILS, status=429, retry_after=timedelta(days=1).total_seconds())
    return jobs.enqueue(kind=KIND, queue=QUEUE, event_id=invitation.id)


def _not_found() -> NotFound:
    return NotFound(NOT_FOUND, body={"message": NOT_FOUND})
