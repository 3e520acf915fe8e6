"""What a session may open that began at an organization's identity provider."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import logout
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied
from django.db.models import Exists
from django.http import HttpRequest, HttpResponse

from loci.http.pages import is_page
from loci.tenancy.context import org_tx
from orgs.models import Domain, IdentityProvider, Membership, User

SSO_ORG = "sso_org_id"
"""The session's key for the one organization that it sees."""
SSO_PROVIDER = "sso_provider"
"""The session's key for the public id of the provider that it began at."""
SSO_DOMAIN = "sso_domain_id"
"""The session's key for the id of the domain of the email with which it was admitted."""

OPEN_PAGES = frozenset(
    {
        "account_home",
        "account_inactive",
        "account_invitation",
        "account_logout",
        "openid_connect_callback",
        "saml_acs",
        "saml_finish",
        "saml_metadata",
        "socialaccount_login_cancelled",
        "socialaccount_login_error",
        "sso_begin",
        "sso_start",
    }
)
"""The pages, by name, that such a session may open: none of them changes how a person logs in."""


def is_over(session: SessionBase, person: User) -> bool:
    """Tells whether a session began at an identity provider that vouches for the person no more.

    It is removed or disabled, or does not know them, or they are no member of its organization any more, or that gave
    up the domain of their email: one that is claimed again is another one. Only sessions of a provider cost a query.
    """
    org_id, provider, domain = session.get(SSO_ORG), session.get(SSO_PROVIDER, ""), session.get(SSO_DOMAIN)
    if org_id is None:
        return False
    with org_tx(UUID(org_id)):
        vouches = IdentityProvider.objects.filter(public_id=provider, is_enabled=True)
        knows = SocialAccount.objects.filter(provider=provider, user=person)
        is_own = Domain.objects.filter(id=domain, verified_at__isnull=False)
        return not Membership.objects.filter(Exists(vouches), Exists(knows), Exists(is_own), user=person).exists()


class SsoSessionMiddleware:
    """Ends such a session when it is over, and answers 403 where it asks for a page of people's that is not open to it.

    An organization's provider vouches for its member within the organization: it must not be able to take the account.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        """Raises `PermissionDenied` for a page that is not open. Who is yet to say a second factor is nobody."""
        if not is_page(request) or SSO_ORG not in request.session or not request.user.is_authenticated:
            return
        if is_over(request.session, request.user):
            logout(request)
        elif request.resolver_match is None or request.resolver_match.url_name not in OPEN_PAGES:
            raise PermissionDenied
