"""Identity providers over the API: what is kept of them, and what is shown."""

from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.management import call_command
from django.db import connections

from loci.tenancy.context import org_tx
from orgs.models import AuditEntry, IdentityProvider
from orgs.services.identity_providers import remove_provider, renew_secrets, secret_of
from tests.conftest import Person
from tests.orgs.accounts.browser import Browser
from tests.orgs.sso.oidc_server import OidcServer
from tests.orgs.sso.saml_server import SSO_URL, Signer
from tests.orgs.sso.support import Company, caller_for, log_in
from tests.orgs.support import member_of, organization_of

JSON = "application/json"
OIDC = {
    "kind": "oidc",
    "name": "Staff",
    "server_url": "https://login.corp.example",
    "client_id": "loci",
    "client_secret": "very secret",
}
SIGNER = Signer()
SAML = {
    "kind": "saml",
    "name": "Staff",
    "entity_id": "https://login.corp.example/metadata",
    "sso_url": SSO_URL,
    "x509cert": SIGNER.certificate,
}
METADATA = f"""<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"
    xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="https://login.corp.example/metadata">
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>
      {"".join(SIGNER.certificate.splitlines()[1:-1])}
    </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{SSO_URL}"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>"""


def providers_of(person: Person, public_id: str = "") -> str:
    return organization_of(person, f"identity-providers/{f'{public_id}/' if public_id else ''}")


def add(person: Person, given: dict[str, Any]) -> Any:
    return person.client.post(providers_of(person), given, content_type=JSON)


def change(person: Person, public_id: str, **given: Any) -> Any:
    return person.client.patch(providers_of(person, public_id), given, content_type=JSON)


def row_of(person: Person) -> IdentityProvider:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        found: IdentityProvider = IdentityProvider.objects.get()
        return found


def test_an_oidc_provider_is_shown_with_the_address_to_register(alice: Person) -> None:
    answer = add(alice, OIDC)
    shown = answer.json()
    assert answer.status_code == 201
    assert shown["redirect_url"] == f"http://localhost:8000/account/oidc/{shown['id']}/callback/"
    assert (shown["server_url"], shown["client_id"]) == (OIDC["server_url"], "loci")
    assert (shown["default_role"], shown["is_enabled"], shown["trusts_emails"]) == ("READER", True, False)
    assert alice.client.get(providers_of(alice, shown["id"])).json() == shown
    assert alice.client.get(providers_of(alice)).json() == {"identity_providers": [shown]}


def test_a_secret_is_kept_encrypted_and_never_shown(alice: Person) -> None:
    shown = add(alice, OIDC).json()
    provider = row_of(alice)
    assert "very secret" not in provider.secret
    assert secret_of(provider) == "very secret"
    listed = alice.client.get(providers_of(alice)).content.decode()
    changed = change(alice, shown["id"], client_secret="another").content.decode()
    assert "secret" not in f"{shown} {listed} {changed}"
    assert secret_of(row_of(alice)) == "another"


def test_secrets_are_renewed_under_a_new_master_key(alice: Person, settings: Any, capsys: Any) -> None:
    add(alice, OIDC)
    settings.MASTER_KEY_OLD, settings.MASTER_KEY = settings.MASTER_KEY, "the next one"
    call_command("rotate_secrets")
    assert "identity providers: 1 renewed" in capsys.readouterr().out
    settings.MASTER_KEY_OLD = ""
    assert secret_of(row_of(alice)) == "very secret"
    assert renew_secrets() == 0
    connections["owner"].close()


@pytest.mark.parametrize(
    "server_url",
    ["https://login.corp.example/", "https://login.corp.example/.well-known/openid-configuration"],
)
def test_an_issuer_is_kept_in_one_spelling(alice: Person, server_url: str) -> None:
    assert add(alice, OIDC | {"server_url": server_url}).json()["server_url"] == OIDC["server_url"]


@pytest.mark.parametrize("given", [SAML, {"kind": "saml", "name": "Staff", "metadata": METADATA}])
def test_a_saml_provider_is_shown_with_the_addresses_to_register(alice: Person, given: dict[str, Any]) -> None:
    answer = add(alice, given)
    shown = answer.json()
    assert answer.status_code == 201, shown
    base = f"http://localhost:8000/account/saml/{shown['id']}"
    assert (shown["acs_url"], shown["entity_id"]) == (f"{base}/acs/", f"{base}/metadata/")
    certificate = "".join(SIGNER.certificate.splitlines()[1:-1])
    assert shown["idp"]["x509certs"] == [certificate]
    assert (shown["idp"]["entity_id"], shown["idp"]["sso_url"]) == (SAML["entity_id"], SSO_URL)


def test_two_certificates_may_be_valid_at_a_time(alice: Person) -> None:
    both = SIGNER.certificate + Signer().certificate
    assert len(add(alice, SAML | {"x509cert": both}).json()["idp"]["x509certs"]) == 2


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (OIDC | {"kind": "ldap"}, "kind"),
        (OIDC | {"name": ""}, "name"),
        (OIDC | {"client_id": None}, "client_id"),
        (OIDC | {"client_secret": ""}, "client_secret"),
        (OIDC | {"server_url": ""}, "server_url"),
        (OIDC | {"server_url": "http://login.corp.example"}, "server_url"),
        (OIDC | {"server_url": "https://127.0.0.1"}, "server_url"),
        (OIDC | {"server_url": "https://169.254.169.254/latest"}, "server_url"),
        (OIDC | {"server_url": "https://login.internal"}, "server_url"),
        (OIDC | {"server_url": "https://login.corp.example?tenant=1"}, "server_url"),
        (OIDC | {"server_url": 7}, "server_url"),
        (OIDC | {"default_role": "ADMIN"}, "default_role"),
        (SAML | {"sso_url": "javascript:alert(1)"}, "sso_url"),
        (SAML | {"sso_url": "https://localhost/saml"}, "sso_url"),
        (SAML | {"x509cert": "nonsense"}, "x509cert"),
        (SAML | {"x509cert": SIGNER.private_pem}, "x509cert"),
        (SAML | {"x509cert": SIGNER.certificate * 11}, "x509cert"),
        (SAML | {"entity_id": ""}, "entity_id"),
        ({"kind": "saml", "name": "Staff", "metadata": "<a/>"}, "metadata"),
        ({"kind": "saml", "name": "Staff", "metadata": "nonsense"}, "metadata"),
        ({"kind": "saml", "name": "Staff", "metadata": METADATA.replace(SSO_URL, "http://127.0.0.1/")}, "metadata"),
        ({"kind": "saml", "name": "Staff", "metadata": f'<!DOCTYPE a [<!ENTITY b "c">]>{METADATA}'}, "metadata"),
        ({"kind": "saml", "name": "Staff", "metadata": METADATA.replace(SAML["entity_id"], "")}, "metadata"),
        ({"kind": "saml", "name": "Staff"}, "sso_url"),
    ],
)
def test_what_makes_no_provider_is_refused(alice: Person, given: dict[str, Any], field: str) -> None:
    answer = add(alice, given)
    assert (answer.status_code, field in answer.json()["errors"]) == (400, True), answer.json()


def test_a_weak_certificate_is_refused(alice: Person) -> None:
    weak = Signer(rsa.generate_private_key(65_537, 1_024)).certificate
    assert "2048" in str(add(alice, SAML | {"x509cert": weak}).json()["errors"])


def test_what_changes_changes_and_the_rest_stays(alice: Person) -> None:
    shown = add(alice, OIDC).json()
    changed = change(alice, shown["id"], is_enabled=False, default_role="OWNER", trusts_emails=True).json()
    expected = shown | {"is_enabled": False, "default_role": "OWNER", "trusts_emails": True}
    assert changed == expected | {"updated_at": changed["updated_at"]}
    assert secret_of(row_of(alice)) == "very secret"


def test_a_saml_provider_gets_a_new_certificate(alice: Person) -> None:
    shown = add(alice, SAML).json()
    changed = change(alice, shown["id"], x509cert=Signer().certificate).json()
    assert changed["idp"]["x509certs"] != shown["idp"]["x509certs"]
    assert changed["idp"]["entity_id"] == shown["idp"]["entity_id"]


def test_who_a_provider_is_does_not_change(alice: Person) -> None:
    """Its people are known by what it calls them: another issuer may call somebody else the same."""
    oidc, saml = add(alice, OIDC).json(), add(alice, SAML).json()
    elsewhere = {"server_url": "https://evil.example", "kind": "saml"}
    assert change(alice, oidc["id"], **elsewhere).json()["server_url"] == OIDC["server_url"]
    assert change(alice, saml["id"], entity_id="https://evil.example").json()["idp"] == saml["idp"]


def test_a_provider_that_is_removed_takes_its_identities_along(idp: OidcServer, company: Company) -> None:
    log_in(Browser(), idp, company.provider)
    remove_provider(caller_for(company.owner), company.provider.public_id)
    assert not SocialAccount.objects.exists()
    assert "eve@corp.example" in company.members()


def test_a_reader_sees_providers_and_changes_none(alice: Person) -> None:
    shown = add(alice, OIDC).json()
    reader = member_of(alice, "reader@example.com", "READER")
    assert reader.client.get(providers_of(alice)).status_code == 200
    assert reader.client.post(providers_of(alice), OIDC, content_type=JSON).status_code == 403
    assert reader.client.patch(providers_of(alice, shown["id"]), {}, content_type=JSON).status_code == 403
    assert reader.client.delete(providers_of(alice, shown["id"])).status_code == 403


def test_providers_of_others_are_like_unknown_ones(alice: Person, bob: Person) -> None:
    hers = add(alice, OIDC).json()["id"]
    for public_id in (hers, "sso_unknown"):
        for method in ("get", "patch", "delete"):
            answer = getattr(bob.client, method)(providers_of(bob, public_id), content_type=JSON)
            assert (answer.status_code, answer.json()["message"]) == (404, "Identity provider not found")


def test_there_are_not_too_many(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orgs.services.identity_providers.MAX_PROVIDERS", 1)
    assert add(alice, OIDC).status_code == 201
    assert add(alice, OIDC).status_code == 400


def test_what_is_done_to_providers_is_in_the_audit_log(alice: Person) -> None:
    public_id = add(alice, OIDC).json()["id"]
    change(alice, public_id, client_secret="another", name="All staff")
    alice.client.delete(providers_of(alice, public_id))
    assert alice.tenant.org_id
    with org_tx(alice.tenant.org_id):
        entries = AuditEntry.objects.filter(object_id=public_id).order_by("number")
        said = list(entries.values_list("action", "details"))
    assert said == [
        ("provider.add", {"kind": "oidc"}),
        ("provider.change", {"changed": ["name", "secret"]}),
        ("provider.remove", {}),
    ]
