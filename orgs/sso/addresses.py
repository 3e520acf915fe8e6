"""The addresses of this server that an organization registers at its identity provider."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse


@dataclass(frozen=True)
class SamlAddresses:
    """Where a SAML provider sends its answers, and what this server calls itself there."""

    acs_url: str
    entity_id: str
    """It is also where the metadata are."""


def saml_addresses(public_id: str) -> SamlAddresses:
    """Returns the addresses for the SAML provider `sso_…`."""
    return SamlAddresses(acs_url=_own("saml_acs", public_id), entity_id=_own("saml_metadata", public_id))


def oidc_callback(public_id: str) -> str:
    """Returns the redirect URI for the OpenID Connect provider `sso_…`."""
    return _own("openid_connect_callback", public_id)


def _own(name: str, public_id: str) -> str:
    return f"{settings.BASE_URL}{reverse(name, args=[public_id])}"
