"""Why a login through an identity provider is refused, and the page that says so."""

from enum import Enum

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


class Refusal(Enum):
    """A reason, in words for who is refused. They come through a provider that vouches for them as its own."""

    FAILED = "Your organization's identity provider did not sign you in. Try again, or ask those who run it."
    NO_EMAIL = "Your organization's identity provider did not confirm an email address of yours."
    FOREIGN_EMAIL = "Your email address is of a domain that the organization has not proved to be its own."
    HAS_ACCOUNT = (
        "There is an account with this email address already. Sign in with your password, then connect your"
        " organization's identity provider under your account's settings."
    )
    NOT_A_MEMBER = "You are not a member of this organization. An owner of it can invite you."
    NOT_SIGNED_IN = "Sign in with your password first, then connect your organization's identity provider."
    OF_ANOTHER = "This sign-in is connected to another account already."


class NotAdmitted(Exception):
    """A login that is refused."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.name)
        self.reason = reason


def refusal_page(request: HttpRequest, reason: Refusal) -> HttpResponse:
    """Returns the page that says why, with status 403."""
    return render(request, "sso/refused.html", {"reason": reason.value}, status=403)
