"""How many invitations a person may have mailed, whatever organizations they make for that."""

from datetime import timedelta

from rest_framework.request import Request

from loci.errors import DomainError
from orgs.accounts import rates
from orgs.models import AGENTS_DOMAIN
from orgs.queries import Caller
from orgs.services.authority import forbidden
from orgs.services.invitations import TOO_MANY_MAILS

CLAIM_FIRST = "An agent invites nobody before a person has claimed it."


def check_may_mail(request: Request, by: Caller, email: str = "") -> None:
    """Counts one mail of this person, and to this email where it is given, over all organizations.

    Raises `DomainError`: 403 for an agent whom nobody has claimed, and 429 after too many.
    """
    if by.user_email.endswith(f"@{AGENTS_DOMAIN}"):
        raise forbidden(CLAIM_FIRST)
    counted = [("invite", str(by.user_id)), *([("invited", email)] if email else [])]
    if not all(rates.count(request._request, action, key) for action, key in counted):
        raise DomainError(TOO_MANY_MAILS, status=429, retry_after=timedelta(days=1).total_seconds())
