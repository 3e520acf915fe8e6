"""Sessions that begin at an identity provider: they see only its organization."""

from typing import Any
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.signals import user_logged_in
from allauth.socialaccount.models import SocialLogin
from django.contrib.sessions.models import Session
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from loci.http.addresses import client_address
from orgs.accounts.middleware import SSO_DOMAIN, SSO_ORG, SSO_PROVIDER
from orgs.models import Domain, IdentityProvider, User
from orgs.sso import admission

SESSION_S = 12 * 3_600
"""Such a session lasts so long at most: who is dismissed at the provider is out here the next day."""
AWAITED_S = 600
"""The session of a browser that was sent to a provider, and that nobody is logged in with, waits so long."""
CLEARED_AT_ONCE = 100


def begin_session(request: HttpRequest, provider: IdentityProvider, domain: Domain) -> None:
    """Ends the session that there is, and confines the next one before it knows anybody, however the login goes on.

    It lasts no longer than provider and domain are the organization's.
    """
    get_adapter(request).logout(request)
    request.session[SSO_ORG] = str(provider.org_id)
    request.session[SSO_PROVIDER] = provider.public_id
    request.session[SSO_DOMAIN] = str(domain.id)
    request.session.set_expiry(SESSION_S)


def await_login(request: HttpRequest) -> None:
    """Lets the session of nobody, which remembers what was asked of a provider, end soon: anybody can make many."""
    if not request.user.is_authenticated:
        request.session.set_expiry(AWAITED_S)


@receiver(user_logged_in)
def after_login(request: HttpRequest, user: User, sociallogin: SocialLogin | None = None, **_: Any) -> None:
    """Logs a login through a provider; one by password ends what a login left that was broken off."""
    _clear_expired()
    if sociallogin is None:
        for name in (SSO_ORG, SSO_PROVIDER, SSO_DOMAIN):
            request.session.pop(name, None)
        return
    actor = admission.person_at(user, client_address(request))
    admission.note_login(UUID(request.session[SSO_ORG]), sociallogin.account.provider, actor)


def _clear_expired() -> None:
    """Whoever logs in clears away some of the sessions that are over."""
    with transaction.atomic():
        expired = Session.objects.filter(expire_date__lt=timezone.now()).order_by("expire_date")
        some = expired.select_for_update(skip_locked=True)[:CLEARED_AT_ONCE]
        Session.objects.filter(session_key__in=[*some.values_list("session_key", flat=True)]).delete()
