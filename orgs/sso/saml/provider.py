"""django-allauth's provider of SAML, with the settings and the checks of `orgs.sso.saml.protocol`."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.providers.saml.provider import SAMLProvider
from django.http import HttpRequest, HttpResponseRedirect
from onelogin.saml2.auth import OneLogin_Saml2_Auth

from orgs.sso.saml.protocol import conversation
from orgs.sso.subjects import checked_subject

SUBJECT = "urn:oasis:names:tc:SAML:attribute:subject-id"
EMAILS = (
    "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "email",
    "mail",
)
VERIFIED = "http://schemas.auth0.com/email_verified"
EMAIL_NAME = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


class SamlProvider(SAMLProvider):
    """An identity provider of an organization. Its people's emails count as confirmed, unless it says the contrary.

    SAML has no word for that.
    """

    package = "orgs.sso.saml"

    def serialize(self) -> dict[str, Any]:
        """Returns what a login that waits for a second factor remembers of the provider."""
        return {"id": self.sub_id}

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any
    ) -> HttpResponseRedirect:
        """Sends the browser to the provider, and keeps in the session which request its answer must be to."""
        auth = conversation(self.app)
        address = auth.login(return_to="")
        self.stash_redirect_state(request, process, next_url, data, state_id=auth.get_last_request_id(), **kwargs)
        return HttpResponseRedirect(address)

    def extract_uid(self, data: OneLogin_Saml2_Auth) -> str:
        """Returns the subject: its `subject-id`, or else its NameID."""
        return checked_subject(_told(data, SUBJECT) or data.get_nameid())

    def extract_extra_data(self, data: OneLogin_Saml2_Auth) -> dict[str, Any]:
        """Keeps nothing."""
        return {}

    def extract_common_fields(self, data: OneLogin_Saml2_Auth) -> dict[str, Any]:
        """Takes no name."""
        return {}

    def extract_email_addresses(self, data: OneLogin_Saml2_Auth) -> list[EmailAddress]:
        """Returns the email, of an attribute or of a NameID that is one."""
        email = _told(data, *EMAILS)
        if email is None and data.get_nameid_format() == EMAIL_NAME:
            email = data.get_nameid()
        if not isinstance(email, str):
            return []
        return [EmailAddress(email=email, verified=_told(data, VERIFIED) != "false", primary=True)]


def _told(data: OneLogin_Saml2_Auth, *names: str) -> Any:
    """The first value of the first of these attributes that there is; it may be no text."""
    attributes = data.get_attributes()
    return next((attributes[name][0] for name in names if attributes.get(name)), None)


provider_classes = [SamlProvider]
