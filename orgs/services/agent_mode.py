"""Programs that make themselves an account, which a person may claim by their email (contract.md §13.1)."""

from dataclasses import dataclass, replace
from datetime import datetime

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction

from loci.tenancy.context import tenant_tx
from orgs import audit
from orgs.accounts.emails import drop_unproved_claims
from orgs.accounts.people import make_at_home
from orgs.ids import random_name
from orgs.models import AGENTS_DOMAIN, User
from orgs.queries import Caller, caller_of
from orgs.services.api_keys import Restrictions, change_key, create_key
from orgs.services.authority import is_unrestricted
from orgs.services.sign_up import at_home, check_code, refuse_newcomers, refused

KEY_NAME = "agent"

SWITCHED_OFF = "Agent mode is switched off on this server. Ask its operator, or sign up with an email."
NOT_CLAIMABLE = "This API key is not that of an agent whom nobody has claimed yet."
ONLY_WITH_ALL = "An agent is claimed with a key that is not restricted, not limited and not about to end."
CLAIMED_ALREADY = "This email has an account already."


@dataclass(frozen=True)
class Agent:
    """A program's new account: the name under which it may keep memories, and its API key, shown once."""

    name: str
    api_key: str


def begin_agent(called: str, address: str) -> Agent:
    """Makes a person whom nobody can log in as, with an organization, a project and a key.

    `called` is what the program calls itself, or "". Raises `DomainError` (403) where agent mode is off.
    """
    if not settings.AGENT_MODE:
        raise refused(SWITCHED_OFF, status=403)
    name = f"agent-{random_name(12).lower()}"
    with transaction.atomic():
        person = User.objects.create_user(f"{name}@{AGENTS_DOMAIN}")
        make_at_home(person)
        key = create_key(at_home(person, address), called or KEY_NAME, Restrictions())
    return Agent(name, key.secret)


def name_agent(by: Caller, called: str) -> None:
    """Gives the caller's key the name that the program calls itself which uses it. Raises as `change_key` does."""
    change_key(by, str(by.key_id), name=called)


def claim_agent(email: str, code: str, api_key: str, address: str) -> datetime:
    """Makes an agent the person with this email: organization, key and memories stay as they are. Returns when.

    Raises `DomainError`: 400 for a wrong code or a key of no agent, 403 for a key that may not do all that the agent
    may, 409 for an email that has an account.
    """
    check_code(email, code, address)
    refuse_newcomers()
    agent = caller_of(api_key)
    if not isinstance(agent, Caller) or not _is_agent(agent):
        raise refused(NOT_CLAIMABLE)
    with tenant_tx(agent.here.control):
        if not is_unrestricted(agent):
            raise refused(ONLY_WITH_ALL, status=403)
    try:
        with transaction.atomic():
            _become(agent, email)
            with tenant_tx(agent.here.control):
                claimed = replace(agent, address=address)
                entry = audit.record(claimed, "organization.claim", "organization", agent.here.org_public_id)
    except IntegrityError as error:
        raise refused(CLAIMED_ALREADY, status=409, code="email_already_claimed") from error
    return entry.created_at


def _become(agent: Caller, email: str) -> None:
    drop_unproved_claims(email)
    if not User.objects.filter(id=agent.user_id, email=agent.user_email).update(email=email):
        raise refused(NOT_CLAIMABLE)
    EmailAddress.objects.create(user_id=agent.user_id, email=email, verified=True, primary=True)


def _is_agent(caller: Caller) -> bool:
    return caller.key is not None and caller.user_email.endswith(f"@{AGENTS_DOMAIN}")
