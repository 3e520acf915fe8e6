"""Companies with an identity provider, and browsers that log in through it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.utils import timezone

from loci.tenancy.context import org_tx
from orgs.accounts.auditing import notes
from orgs.accounts.people import NewOwner, create_owner
from orgs.models import AuditEntry, Domain, IdentityProvider, Membership, ProviderKind, User
from orgs.queries import Caller, place_of
from orgs.services.identity_providers import add_provider
from orgs.sso.addresses import saml_addresses
from orgs.sso.certificates import certificates_in
from tests.orgs.accounts.browser import PASSWORD, Browser
from tests.orgs.sso.oidc_server import CLIENT_ID, CLIENT_SECRET, OidcServer
from tests.orgs.sso.saml_server import SSO_URL, SamlServer, Signer, as_form, request_id_in

CORP = "corp.example"


@dataclass
class Company:
    """An organization that has proved `corp.example`, or another domain, and its identity provider."""

    owner: NewOwner
    provider: IdentityProvider

    @property
    def org_id(self) -> Any:
        """Returns the organization's id."""
        return self.owner.project.org_id

    def members(self) -> dict[str, str]:
        """Returns the role of each member by email."""
        with org_tx(self.org_id):
            return dict(Membership.objects.values_list("user__email", "role"))

    def audited(self) -> list[str]:
        """Returns what the audit log says was done and refused, in order."""
        notes().wait()
        with org_tx(self.org_id):
            entries = list(AuditEntry.objects.order_by("number"))
        return [f"{entry.action} {entry.outcome}" for entry in entries]

    def change(self, **columns: Any) -> None:
        """Changes the provider."""
        with org_tx(self.org_id):
            IdentityProvider.objects.filter(id=self.provider.id).update(**columns)


def caller_for(owner: NewOwner) -> Caller:
    """Returns the owner as a caller in their organization."""
    caller = Caller(user_id=owner.person.id, user_email=owner.person.email)
    place = place_of(caller, org=owner.project.org.public_id)
    return Caller(user_id=owner.person.id, user_email=owner.person.email, place=place)


def prove(owner: NewOwner, domain: str) -> None:
    """Gives the owner's organization a domain as if DNS had proved it."""
    with org_tx(owner.project.org_id):
        Domain.objects.create(org_id=owner.project.org_id, name=domain, token="t", verified_at=timezone.now())


def oidc_company(server: OidcServer, domain: str = CORP, **columns: Any) -> Company:
    """Returns a company whose provider is the server."""
    owner = create_owner(email=f"owner@{domain}", password=PASSWORD, organization=f"The {domain} company")
    prove(owner, domain)
    return Company(owner, oidc_provider(owner, server, **columns))


def oidc_provider(owner: NewOwner, server: OidcServer, **columns: Any) -> IdentityProvider:
    """Adds the server as a provider of the owner's organization."""
    settings = {"server_url": server.issuer, "trusts_emails": False} | columns.pop("settings", {})
    return add_provider(
        caller_for(owner),
        kind=ProviderKind.OIDC,
        name="Staff",
        client_id=CLIENT_ID,
        secret=CLIENT_SECRET,
        settings=settings,
        **columns,
    )


def saml_company(domain: str = CORP) -> tuple[Company, SamlServer]:
    """Returns a company with a SAML provider."""
    owner = create_owner(email=f"owner@{domain}", password=PASSWORD, organization=f"The {domain} company")
    prove(owner, domain)
    return saml_provider(owner)


def saml_provider(owner: NewOwner) -> tuple[Company, SamlServer]:
    """Adds a SAML provider to the owner's organization."""
    signer = Signer()
    server = SamlServer(audience="", acs_url="", signer=signer)
    idp = {"entity_id": server.entity_id, "sso_url": SSO_URL, "x509certs": certificates_in(signer.certificate)}
    provider = add_provider(
        caller_for(owner), kind=ProviderKind.SAML, name="Staff", client_id="", settings={"idp": idp}
    )
    own = saml_addresses(provider.public_id)
    server.audience, server.acs_url = own.entity_id, own.acs_url
    return Company(owner, provider), server


def begin(browser: Browser, provider: IdentityProvider, verb: str = "begin") -> Any:
    """Asks to be sent to the provider; the form is that of the page of single sign-on."""
    browser.open("/account/sso/")
    token = browser.client.cookies["csrf"].value
    return browser.client.post(f"/account/sso/{provider.public_id}/{verb}/", {"csrfmiddlewaretoken": token})


def log_in(browser: Browser, server: OidcServer, provider: IdentityProvider, verb: str = "begin", **claims: Any) -> Any:
    """Logs in through the provider, which tells these claims; returns the answer to the callback."""
    sent = begin(browser, provider, verb)
    assert sent.status_code == 302, sent.content
    told = {"sub": "subject-1", "email": f"eve@{CORP}", "email_verified": True, **claims}
    return browser.open(path_of(server.sign_in(sent["Location"], **told)))


def saml_log_in(browser: Browser, server: SamlServer, provider: IdentityProvider, **assertion: Any) -> Any:
    """Logs in through a SAML provider, whose assertion says this."""
    request_id = ask_saml(browser, provider)
    return deliver(browser, provider, server.signed(request_id, server.assertion(request_id, **assertion)))


def ask_saml(browser: Browser, provider: IdentityProvider, verb: str = "begin") -> str:
    """Asks to be sent to the provider, and returns the id of the request that the browser brings there."""
    return request_id_in(begin(browser, provider, verb)["Location"])


def deliver(browser: Browser, provider: IdentityProvider, xml: str) -> Any:
    """Comes back from the provider's page with a response; returns the last answer."""
    answer = browser.client.post(f"/account/saml/{provider.public_id}/acs/", as_form(xml))
    return browser.open(answer["Location"]) if answer.status_code == 302 else answer


def code_of(secret: str) -> str:
    """Returns what an authenticator shows now."""
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def path_of(url: str) -> str:
    """Returns path and query of a URL."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def person_of(browser: Browser) -> User | None:
    """Returns whose session the browser has."""
    user_id = browser.client.session.get("_auth_user_id")
    return User.objects.get(pk=user_id) if user_id else None
