"""What django-allauth asks the project about accounts."""

import logging
from smtplib import SMTPException
from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import ratelimit
from allauth.core.internal.ratelimit import RateLimitUsage
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from loci.errors import DependencyError
from loci.http.addresses import counted_address
from orgs.accounts import rates
from orgs.accounts.emails import own_email
from orgs.accounts.middleware import SSO_ORG
from orgs.accounts.people import INVITATION, held_invitation, make_at_home
from orgs.mails import with_html
from orgs.models import User

EVERYWHERE = "login_failed_everywhere"

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Accounts by email: canonical addresses, sign-up as the operator wants it, mails that leave or undo."""

    _counted: RateLimitUsage | None = None

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Tells whether whoever asks may make an account: everybody, or only who holds an open invitation."""
        return settings.SIGN_UP or held_invitation(request) is not None

    def clean_email(self, email: str) -> str:
        """Returns the canonical form; raises `ValidationError` when that is no email."""
        return own_email(email)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Returns what is counted where something is limited by address."""
        return counted_address(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counts a login as failed until it succeeds; raises `ValidationError` where too many did.

        Few may fail for an account from one address, and many from all together: a stranger locks nobody out.
        """
        super().pre_authenticate(request, **credentials)
        of_account = super()._get_login_attempts_cache_key(request, **credentials)
        self._counted = rates.count(request, EVERYWHERE, of_account)
        if self._counted is None:
            raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Returns whose email and password these are; None for nobody's."""
        person = super().authenticate(request, **credentials)
        if person is not None and self._counted is not None:
            self._counted.rollback()
        return person

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """What allauth counts few failures for (reliability.md §2.1)."""
        of_account = super()._get_login_attempts_cache_key(request, **credentials)
        return f"{of_account} {counted_address(request)}"

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """Lets who has just reset their password log in, whatever was counted before."""
        super()._delete_login_attempts_cached_email(request, **credentials)
        rates.forget(request, EVERYWHERE, super()._get_login_attempts_cache_key(request, **credentials))

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Returns the page of the invitation that somebody came by, else one's own page."""
        if held_invitation(request):
            return reverse("account_invitation", args=[request.session[INVITATION]])
        return super().get_login_redirect_url(request)

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **login: Any) -> HttpResponse:
        """Answers a login; who came alone and is in no organization gets one of their own."""
        came_alone = INVITATION not in request.session and SSO_ORG not in request.session
        if settings.SIGN_UP and came_alone and not (login["signal_kwargs"] or {}).get("sociallogin"):
            make_at_home(cast("User", user))
        return super().post_login(request, user, **login)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Takes the email as proved, unless it is another account's by now."""
        if User.objects.filter(email=email_address.email).exclude(pk=email_address.user_id).exists():
            message = "account/messages/email_confirmation_failed.txt"
            self.add_message(request, messages.ERROR, message, {"email": email_address.email})
            return False
        return super().confirm_email(request, email_address)

    def render_mail(self, *args: Any, **kwargs: Any) -> EmailMultiAlternatives:
        """Returns the mail, as text and as HTML."""
        return with_html(cast("EmailMultiAlternatives", super().render_mail(*args, **kwargs)))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Sends a mail; raises `DependencyError` (503) when the mail server does not take it."""
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError) as error:
            raise DependencyError("The mail server did not take a mail.") from error

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:
        """Sends the link that proves an email; when it cannot leave, there was no sign-up, or no wish to change."""
        address: EmailAddress = emailconfirmation.email_address
        try:
            super().send_confirmation_mail(request, emailconfirmation, signup)
        except DependencyError:
            self._try_again(request, address.email)
            if signup:
                address.user.delete()
            elif not address.primary:
                address.delete()
            raise

    def send_account_already_exists_mail(self, email: str) -> None:
        """Tells the owner of an account that somebody wanted to sign up with their email."""
        try:
            super().send_account_already_exists_mail(email)
        except DependencyError:
            self._try_again(self.request, email)
            raise

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Tells a person what was changed. The change is made: when this mail cannot leave, that is only logged."""
        try:
            super().send_notification_mail(*args, **kwargs)
        except DependencyError:
            logger.warning("a notification of a person could not be mailed", exc_info=True)

    def _try_again(self, request: HttpRequest, email: str) -> None:
        """A mail that did not leave does not count against the few that may be asked for."""
        ratelimit.clear(request, action="confirm_email", key=email)
