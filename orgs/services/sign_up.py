"""Signing up and in from a command line, by a code that is mailed (contract.md §13.1)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.utils import is_mfa_enabled
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from loci.errors import DomainError
from orgs.accounts.auditing import note_failed_code
from orgs.accounts.emails import drop_unproved_claims
from orgs.accounts.people import create_person, make_at_home
from orgs.listings import organizations_seen_by, projects_seen_by
from orgs.models import Role, User
from orgs.queries import Caller, place_of
from orgs.services.api_keys import NewKey, Restrictions, create_key
from orgs.services.email_codes import LIVES_MINUTES, new_code, take_code
from orgs.services.mailing import send_mail

KEY_NAME = "mem0 CLI"

WRONG_CODE = "The code is wrong or has expired. Ask for a new one."
CLOSED = "This server takes no new accounts. Ask its operator, or an owner of an organization for an invitation."
SECOND_FACTOR = "This account has a second factor. Log in on the web, make an API key there, and use that."
OF_A_PROVIDER = "This account logs in through an identity provider. Log in there, make an API key, and use that."
NO_PROJECT = "You own no project, so you cannot make API keys. Ask an owner of your organization for one."
NOT_ACTIVE = "This account is closed."


def refused(words: str, *, status: int = 400, **more: Any) -> DomainError:
    """Returns an error in the form that the command line tools read (contract.md §13.1)."""
    return DomainError(words, status=status, body={"error": words, **more})


def send_code(email: str) -> None:
    """Mails a code to a canonical email; where it cannot be used, a mail of the same form that says so.

    Work and answer are the same whether the email has an account. Raises `DependencyError` (503).
    """
    code = new_code(email)
    has_account = User.objects.filter(email=email, is_active=True).exists()
    is_welcome = settings.SIGN_UP or has_account
    # Nothing may hold a connection while it waits for the mail server.
    connection.close()
    subject, template = ("Your code for Loci", "email_code") if is_welcome else ("No account on Loci", "no_account")
    send_mail([email], subject, template, {"email": email, "code": code, "minutes": LIVES_MINUTES})


def check_code(email: str, code: str, address: str) -> None:
    """Uses a code up. Raises `DomainError` (400) for one that is not the email's newest, and after five tries."""
    if not take_code(email, code):
        note_failed_code(email, address)
        raise refused(WRONG_CODE)


def sign_in(email: str, code: str, address: str) -> tuple[Caller, NewKey]:
    """Returns a new API key of the person with this email, who is made if there is none, and where the key is of.

    It is of the first project that they own, the default one of an organization before others. Raises `DomainError`:
    400 for a wrong code, 403 where the mailbox alone does not open the account, or where nobody new is taken.
    """
    check_code(email, code, address)
    try:
        with transaction.atomic():
            caller = at_home(_person(email), address)
            return caller, create_key(caller, KEY_NAME, Restrictions())
    except IntegrityError as error:
        raise refused("Somebody signed up with this email at the same moment. Try again.", status=409) from error


def at_home(person: User, address: str) -> Caller:
    """Returns the person as a caller in the first project that they own. Raises `DomainError` (403) without one."""
    caller = Caller(user_id=person.id, user_email=person.email, address=address)
    for found in _own_projects(caller):
        return found
    raise refused(NO_PROJECT, status=403)


def refuse_newcomers() -> None:
    """Raises `DomainError` (403) where nobody may sign up."""
    if not settings.SIGN_UP:
        raise refused(CLOSED, status=403)


def _own_projects(caller: Caller) -> Iterator[Caller]:
    for organization in organizations_seen_by(caller):
        seen = projects_seen_by(replace(caller, place=organization))
        for each in sorted(seen, key=lambda each: not each.project.is_default):
            place = place_of(caller, org=organization.org_public_id, project=each.project.public_id)
            if each.role == Role.OWNER and place is not None:
                yield replace(caller, place=place)


def _person(email: str) -> User:
    person = User.objects.filter(email=email).first()
    if person is None:
        refuse_newcomers()
        drop_unproved_claims(email)
        person = create_person(email=email, password=None)
    else:
        _check_mailbox_is_enough(person)
        _prove(person)
    if settings.SIGN_UP:
        make_at_home(person)
    return person


def _check_mailbox_is_enough(person: User) -> None:
    if not person.is_active:
        raise refused(NOT_ACTIVE, status=403)
    if is_mfa_enabled(person):
        raise refused(SECOND_FACTOR, status=403)
    if not person.has_usable_password() and SocialAccount.objects.filter(user=person).exists():
        raise refused(OF_A_PROVIDER, status=403)


def _prove(person: User) -> None:
    """The code proves the email. A password from before that may be somebody else's, who could not prove it."""
    if EmailAddress.objects.filter(user=person, email=person.email, verified=True).exists():
        return
    person.set_unusable_password()
    person.save(update_fields=["password"])
    proved = {"verified": True, "primary": True}
    EmailAddress.objects.update_or_create(user=person, email=person.email, defaults=proved)
