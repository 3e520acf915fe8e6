"""Who is let in by an identity provider, and as whom.

An identity is (provider, subject) and is never matched to an account by its email. What the email is for: it must be
of a domain that the provider's organization has proved by DNS, and a person who comes for the first time is called by
it. So a provider can introduce people of its organization's own domains, and nobody who has an account already.
"""

from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from loci.tenancy.context import org_tx
from orgs import audit
from orgs.accounts.emails import drop_unproved_claims, own_email
from orgs.audit import Actor
from orgs.models import ActorType, Domain, IdentityProvider, Membership, Outcome, User
from orgs.sso.names import domain_of
from orgs.sso.refusals import NotAdmitted, Refusal


def confirmed_email(login: SocialLogin) -> str:
    """Returns the canonical email that the provider confirmed; raises `NotAdmitted` without one."""
    confirmed = [address.email for address in login.email_addresses if address.verified]
    if len(confirmed) != 1:
        raise NotAdmitted(Refusal.NO_EMAIL)
    try:
        return own_email(confirmed[0])
    except ValidationError:
        raise NotAdmitted(Refusal.NO_EMAIL) from None


def proved_domain(provider: IdentityProvider, email: str) -> Domain:
    """Returns the email's domain; raises `NotAdmitted` unless the provider's organization has proved it."""
    with org_tx(provider.org_id):
        domain: Domain | None = Domain.objects.filter(name=domain_of(email), verified_at__isnull=False).first()
    if domain is None:
        raise NotAdmitted(Refusal.FOREIGN_EMAIL)
    return domain


def check_member(provider: IdentityProvider, person: User) -> None:
    """Raises `NotAdmitted` for a person who is no member, or none any more, of the provider's organization."""
    with org_tx(provider.org_id):
        if not Membership.objects.filter(user=person).exists():
            raise NotAdmitted(Refusal.NOT_A_MEMBER)


def check_newcomer(email: str) -> None:
    """Raises `NotAdmitted` for an email that is an account's: who has one logs in to it, and connects the two."""
    drop_unproved_claims(email)
    if User.objects.filter(email=email).exists() or EmailAddress.objects.filter(email=email).exists():
        raise NotAdmitted(Refusal.HAS_ACCOUNT)


def note_login(org_id: UUID, public_id: str, actor: Actor) -> None:
    """Logs that a person begins a session through the organization's provider `sso_…`."""
    audit.note(org_id, actor, "login.succeed", "provider", public_id, outcome=Outcome.DONE)


def note_refused(provider: IdentityProvider, reason: Refusal, ip: str) -> None:
    """Logs that somebody whom the provider vouches for was refused."""
    said = {"outcome": Outcome.DENIED, "reason": reason.name.lower()}
    audit.note(provider.org_id, Actor(ActorType.ANONYMOUS, ip=ip), "login.fail", "provider", provider.public_id, **said)


def connect(provider: IdentityProvider, account: SocialAccount, person: User, ip: str) -> None:
    """Lets the person log in by this identity from now on; raises `NotAdmitted` when it is another account's."""
    account.user = person
    with org_tx(provider.org_id):
        try:
            with transaction.atomic():
                account.save(force_insert=True)
        except IntegrityError:
            raise NotAdmitted(Refusal.OF_ANOTHER) from None
        audit.record(person_at(person, ip), "identity.connect", "provider", provider.public_id)


def person_at(person: User, ip: str) -> Actor:
    """Returns the person as the audit log knows them."""
    return Actor(ActorType.PERSON, person.id, ip=ip)
