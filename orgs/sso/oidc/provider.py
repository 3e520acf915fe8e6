"""django-allauth's provider of OpenID Connect, as strict as a provider of strangers' choice needs it."""

import hashlib
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.base.provider import ProviderException
from allauth.socialaccount.providers.oauth2.client import OAuth2Client
from allauth.socialaccount.providers.oauth2.utils import generate_code_challenge
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest
from django.utils.functional import cached_property

from loci.net.guard import UrlNotAllowed, checked_url
from loci.net.safe_session import OutboundError
from orgs.sso.oidc.id_token import NOT_UNDERSTOOD, read_id_token
from orgs.sso.subjects import checked_subject

DISCOVERY = "/.well-known/openid-configuration"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")

Json = dict[str, Any]


def nonce_of(code_verifier: str) -> str:
    """Returns the nonce of a login. It is as secret, and lives as long, as the verifier of PKCE that it is made of."""
    return hashlib.sha256(f"nonce {code_verifier}".encode()).hexdigest()


class OidcAdapter(OpenIDConnectOAuth2Adapter):
    """The conversation with one provider. Raises `ProviderException` for whatever it should not have said."""

    _nonce = ""

    def get_provider(self) -> "OidcProvider":
        """Returns the provider; raises `SocialApp.DoesNotExist` for one that is disabled or unknown."""
        found: OidcProvider = get_adapter(self.request).get_provider(self.request, provider=self.provider_id)
        return found

    @cached_property  # Django's: that of Python 3.11 would hold one lock for all providers meanwhile.
    def openid_config(self) -> Json:
        """Returns the provider's own description (OpenID Connect Discovery §4), whose issuer is who was asked."""
        server_url: str = self.get_provider().app.settings["server_url"]
        config = _fetch(f"{server_url}{DISCOVERY}")
        if str(config.get("issuer")).rstrip("/") != server_url:
            raise ProviderException("the discovery document is another issuer's")
        for name in ENDPOINTS:
            _check_url(config.get(name))
        return config

    def get_access_token_data(
        self, request: HttpRequest, app: SocialApp, client: OAuth2Client, pkce_code_verifier: str | None = None
    ) -> Json:
        """Exchanges the code for tokens, and keeps in mind which nonce the ID token must have."""
        if not pkce_code_verifier:
            raise ProviderException("the login was not begun here")
        self._nonce = nonce_of(pkce_code_verifier)
        try:
            answer: Json = super().get_access_token_data(request, app, client, pkce_code_verifier)
        except NOT_UNDERSTOOD as error:  # A stranger's server answers anything.
            raise ProviderException("the token endpoint's answer is not understood") from error
        return answer

    def parse_token(self, data: Json) -> SocialToken:
        """Returns the access token, which is not kept."""
        return SocialToken(token=str(data["access_token"]))

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Returns who logs in: the subject of the ID token, with the email that it or the userinfo endpoint tells."""
        claims = read_id_token(
            kwargs["response"].get("id_token"),
            keys=_fetch(self.openid_config["jwks_uri"]),
            issuer=self.openid_config["issuer"],
            client_id=app.client_id,
            nonce=self._nonce,
        )
        if "email" not in claims and "userinfo_endpoint" in self.openid_config:
            claims |= self._told_of_email(token.token, claims["sub"])
        return self.get_provider().sociallogin_from_response(request, claims)

    def _told_of_email(self, access_token: str, subject: str) -> Json:
        told = _fetch(self.openid_config["userinfo_endpoint"], Authorization=f"Bearer {access_token}")
        if told.get("sub") != subject:
            raise ProviderException("the userinfo endpoint tells of somebody else")  # OpenID Connect Core §5.3.2
        return {name: told[name] for name in ("email", "email_verified") if name in told}


class OidcProvider(OpenIDConnectProvider):
    """An identity provider of an organization. `settings["trusts_emails"]`: it need not say `email_verified`."""

    package = "orgs.sso.oidc"
    oauth2_adapter_class = OidcAdapter

    def serialize(self) -> Json:
        """Returns what a login that waits for a second factor remembers of the provider."""
        return {"id": self.sub_id}

    def get_pkce_params(self) -> Json:
        """Returns the verifier, which stays here, and what is sent: its challenge, and the nonce."""
        pkce = generate_code_challenge()
        return {**pkce, "nonce": nonce_of(pkce["code_verifier"])}

    def get_default_scope(self) -> list[str]:
        """Asks for no more than is used."""
        return ["openid", "email"]

    def extract_uid(self, data: Json) -> str:
        """Returns the subject."""
        return checked_subject(data["sub"])

    def extract_extra_data(self, data: Json) -> Json:
        """Keeps nothing."""
        return {}

    def extract_common_fields(self, data: Json) -> Json:
        """Takes no name."""
        return {}

    def extract_email_addresses(self, data: Json) -> list[EmailAddress]:
        """Returns the email; it is confirmed if the provider says so, or is trusted and does not say the contrary."""
        email, unsaid = data.get("email"), bool(self.app.settings.get("trusts_emails"))
        if not isinstance(email, str):
            return []
        verified = data.get("email_verified", unsaid) in (True, "true")
        return [EmailAddress(email=email, verified=verified, primary=True)]


def _fetch(url: str, **headers: str) -> Json:
    try:
        with get_adapter().get_requests_session() as session:
            answer = session.get(url, headers=headers)
        found = answer.json() if answer.status_code == 200 else None
    except OutboundError as error:
        raise ProviderException(str(error)) from error
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ProviderException("the provider's answer is no JSON object")
    return found


def _check_url(url: Any) -> None:
    try:
        checked_url(str(url))
    except UrlNotAllowed:
        raise ProviderException("the discovery document names an address that is not allowed") from None


provider_classes = [OidcProvider]
