"""What django-allauth asks the project about logins through identity providers."""

import logging
from typing import Any, cast

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.base.provider import ProviderException
from django.db import IntegrityError, connection
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from loci.http.addresses import client_address
from loci.net.safe_session import SafeSession
from loci.tenancy.context import org_tx
from orgs import audit
from orgs.accounts.middleware import SSO_ORG
from orgs.models import IdentityProvider, Membership, ProviderKind, User
from orgs.services.identity_providers import enabled_provider, secret_of
from orgs.sso import admission
from orgs.sso.refusals import NotAdmitted, Refusal, refusal_page
from orgs.sso.sessions import begin_session

PROTOCOLS = {ProviderKind.OIDC: "openid_connect", ProviderKind.SAML: "saml"}
"""What django-allauth calls them."""

logger = logging.getLogger(__name__)


class NoSuchProvider(SocialApp.DoesNotExist, ValueError):
    """There is no such provider (any more). A login that waits for its second factor is over then: a `ValueError`."""


class SsoAdapter(DefaultSocialAccountAdapter):
    """Identity providers are organizations' own, and let in whom `orgs.sso.admission` admits."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Returns none: which providers there are is each organization's own affair."""
        return []

    def get_app(self, request: HttpRequest, provider: str, client_id: str | None = None) -> SocialApp:
        """Returns the provider with this public id; raises `NoSuchProvider` for one that is disabled or unknown."""
        found = enabled_provider(provider)
        if found is None:
            raise NoSuchProvider
        return _app_of(found)

    def get_requests_session(self) -> SafeSession:
        """Returns the session that reaches nothing of the inside; no connection to the database is held meanwhile."""
        connection.close()
        return SafeSession()

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuses with a page, connects the identity to who is logged in, or begins a session of the organization."""
        sociallogin.token = None  # Nobody needs it any more, and a session may have to wait for a second factor.
        provider = _provider_of(request, sociallogin)
        try:
            email = admission.confirmed_email(sociallogin)
            domain = admission.proved_domain(provider, email)
            if sociallogin.state.get("process") == AuthProcess.CONNECT:
                _connect(request, provider, sociallogin)
            else:
                _check_login(provider, sociallogin, email)
        except NotAdmitted as refused:
            admission.note_refused(provider, refused.reason, client_address(request))
            raise ImmediateHttpResponse(refusal_page(request, refused.reason)) from None
        begin_session(request, provider, domain)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Lets newcomers in also where nobody may sign up: the organization's owner decided that."""
        return True

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        """Makes the person, without a password, their identity and their membership, in one commit."""
        provider = _provider_of(request, sociallogin)
        try:
            with org_tx(provider.org_id):
                person: User = super().save_user(request, sociallogin, form)
                Membership.objects.create(org_id=provider.org_id, user=person, role=provider.default_role)
                actor = admission.person_at(person, client_address(request))
                facts = {"provider": provider.public_id, "role": provider.default_role}
                audit.record(actor, "member.add", "member", person.id, **facts)
        except IntegrityError:  # The same person, or another of that email, came at the same moment.
            raise ImmediateHttpResponse(refusal_page(request, Refusal.HAS_ACCOUNT)) from None
        return person

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Answers what went wrong between the provider and this server with one page; the log has the reason."""
        # The text of others' errors may hold what the provider sent.
        reason = exception if isinstance(exception, ProviderException) else type(exception).__name__
        logger.warning("a login through %s failed: %s %s", provider.sub_id, error, reason)
        raise ImmediateHttpResponse(refusal_page(request, Refusal.FAILED))


def _provider_of(request: HttpRequest, login: SocialLogin) -> IdentityProvider:
    provider = enabled_provider(login.account.provider)
    if provider is None:  # It was just disabled.
        raise ImmediateHttpResponse(refusal_page(request, Refusal.FAILED))
    return provider


def _app_of(provider: IdentityProvider) -> SocialApp:
    """The provider as django-allauth knows it; it is not stored there."""
    return SocialApp(
        provider=PROTOCOLS[ProviderKind(provider.kind)],
        provider_id=provider.public_id,
        name=provider.name,
        client_id=provider.client_id,
        secret=secret_of(provider),
        settings=provider.settings,
    )


def _check_login(provider: IdentityProvider, login: SocialLogin, email: str) -> None:
    if login.is_existing:
        admission.check_member(provider, _person_of(login))
        return
    admission.check_newcomer(email)
    login.user = User(email=email)
    login.email_addresses = [EmailAddress(email=email, verified=True, primary=True)]


def _connect(request: HttpRequest, provider: IdentityProvider, login: SocialLogin) -> None:
    """Raises the answer: connecting begins no session."""
    person = request.user
    if not isinstance(person, User) or SSO_ORG in request.session:
        raise NotAdmitted(Refusal.NOT_SIGNED_IN)
    admission.check_member(provider, person)
    if not login.is_existing:
        admission.connect(provider, login.account, person, client_address(request))
        get_account_adapter(request).send_notification_mail(
            "socialaccount/email/account_connected", person, context={"provider": provider.name}
        )
    elif login.user != person:
        raise NotAdmitted(Refusal.OF_ANOTHER)
    raise ImmediateHttpResponse(HttpResponseRedirect(reverse("socialaccount_connections")))


def _person_of(login: SocialLogin) -> User:
    return cast("User", login.user)
