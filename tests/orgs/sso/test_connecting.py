"""Who has an account connects a provider to it: they log in, say their password again, and prove who they are there."""

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import mail

from loci.tenancy.context import org_tx
from orgs.accounts.people import create_person
from orgs.models import IdentityProvider, Membership, Role, User
from orgs.sso import admission
from tests.orgs.accounts.browser import PASSWORD, Browser
from tests.orgs.sso.oidc_server import OidcServer
from tests.orgs.sso.saml_server import SamlServer
from tests.orgs.sso.support import Company, ask_saml, begin, deliver, log_in, path_of, person_of, saml_company
from tests.orgs.support import confined_to

CONNECTIONS = "/account/3rdparty/"


def member_of(company: Company, email: str = "eve@home.example") -> User:
    person = create_person(email=email, password=PASSWORD)
    with org_tx(company.org_id):
        Membership.objects.create(org_id=company.org_id, user=person, role=Role.READER)
    return person


def signed_in(person: User) -> Browser:
    browser = Browser()
    browser.log_in(person.email)
    browser.confirm_password()
    return browser


def disconnect(browser: Browser) -> int:
    identity = SocialAccount.objects.get()
    token = browser.client.cookies["csrf"].value
    path = f"{CONNECTIONS}{identity.id}/disconnect/"
    return int(browser.client.post(path, {"csrfmiddlewaretoken": token}).status_code)


def test_a_member_connects_the_provider_and_logs_in_by_it(idp: OidcServer, company: Company) -> None:
    eve = member_of(company)
    browser = signed_in(eve)
    assert "Connect Staff of The corp.example company" in browser.open(CONNECTIONS).content.decode()
    answer = log_in(browser, idp, company.provider, "connect")
    assert answer["Location"] == CONNECTIONS
    assert "subject-1" in browser.open(CONNECTIONS).content.decode()
    assert company.audited()[-1] == "identity.connect done"
    later = Browser()
    log_in(later, idp, company.provider)
    assert person_of(later) == eve


def test_who_connects_is_told_by_mail(idp: OidcServer, company: Company) -> None:
    browser = signed_in(member_of(company))
    mail.outbox.clear()
    log_in(browser, idp, company.provider, "connect")
    assert [(message.to, "Staff" in message.body) for message in mail.outbox] == [(["eve@home.example"], True)]


def test_connecting_leaves_the_session_and_the_person_as_they_are(idp: OidcServer, company: Company) -> None:
    eve = member_of(company)
    browser = signed_in(eve)
    before = User.objects.values().get(pk=eve.pk)
    log_in(browser, idp, company.provider, "connect")
    assert User.objects.values().get(pk=eve.pk) == before
    assert browser.open("/account/email/").status_code == 200


def test_a_saml_provider_is_connected_too(database: None) -> None:
    company, server = saml_company()
    eve = member_of(company)
    browser = signed_in(eve)
    _deliver_connected(browser, company, server)
    assert SocialAccount.objects.get().user == eve


def _deliver_connected(browser: Browser, company: Company, server: SamlServer) -> None:
    request_id = ask_saml(browser, company.provider, "connect")
    deliver(browser, company.provider, server.signed(request_id, server.assertion(request_id)))


def test_connecting_needs_a_login(idp: OidcServer, company: Company) -> None:
    answer = begin(Browser(), company.provider, "connect")
    assert answer["Location"].startswith("/account/login/")
    assert idp.paths == []


def test_connecting_needs_the_password_again(idp: OidcServer, company: Company) -> None:
    eve, browser = member_of(company), Browser()
    browser.log_in(eve.email)
    answer = begin(browser, company.provider, "connect")
    assert answer["Location"].startswith("/account/reauthenticate/")
    assert idp.paths == []


def test_who_is_no_member_connects_nothing(idp: OidcServer, company: Company) -> None:
    browser = signed_in(create_person(email="eve@home.example", password=PASSWORD))
    assert log_in(browser, idp, company.provider, "connect").status_code == 403
    assert not SocialAccount.objects.exists()


def test_an_identity_of_somebody_else_is_not_connected(idp: OidcServer, company: Company) -> None:
    log_in(Browser(), idp, company.provider)
    browser = signed_in(member_of(company))
    answer = log_in(browser, idp, company.provider, "connect")
    assert (answer.status_code, "connected to another account" in answer.content.decode()) == (403, True)
    assert SocialAccount.objects.get().user.email == "eve@corp.example"


def test_a_session_that_became_a_providers_meanwhile_connects_nothing(idp: OidcServer, company: Company) -> None:
    browser = signed_in(member_of(company))
    told = {"sub": "subject-1", "email": "eve@corp.example", "email_verified": True}
    address = path_of(idp.sign_in(begin(browser, company.provider, "connect")["Location"], **told))
    confined_to(browser.client, company.org_id)
    assert browser.open(address).status_code == 403
    assert not SocialAccount.objects.filter(provider=company.provider.public_id).exists()


def test_an_identity_that_is_connected_elsewhere_at_that_moment_is_not_connected(
    idp: OidcServer, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = create_person(email="other@home.example", password=PASSWORD)

    def connect_it(*_: object) -> None:
        SocialAccount.objects.create(user=other, provider=company.provider.public_id, uid="subject-1")

    browser = signed_in(member_of(company))
    monkeypatch.setattr(admission, "check_member", connect_it)
    assert log_in(browser, idp, company.provider, "connect").status_code == 403
    assert SocialAccount.objects.get().user == other


def test_who_has_no_password_keeps_their_last_way_in(idp: OidcServer, company: Company) -> None:
    eve = member_of(company)
    browser = signed_in(eve)
    log_in(browser, idp, company.provider, "connect")
    User.objects.filter(pk=eve.pk).update(password="!")
    browser.client.force_login(User.objects.get(pk=eve.pk))
    browser.open(CONNECTIONS)
    assert disconnect(browser) == 302
    assert SocialAccount.objects.exists()


def test_connecting_again_changes_nothing(idp: OidcServer, company: Company) -> None:
    browser = signed_in(member_of(company))
    for _ in range(2):
        assert log_in(browser, idp, company.provider, "connect").status_code == 302
    assert SocialAccount.objects.count() == 1


@pytest.mark.parametrize("claims", [{"email": "eve@home.example"}, {"email_verified": False}])
def test_an_identity_whose_email_is_not_of_a_proved_domain_is_not_connected(
    idp: OidcServer, company: Company, claims: dict[str, object]
) -> None:
    browser = signed_in(member_of(company))
    assert log_in(browser, idp, company.provider, "connect", **claims).status_code == 403
    assert not SocialAccount.objects.exists()


def test_who_disconnects_is_not_known_any_more(idp: OidcServer, company: Company) -> None:
    browser = signed_in(member_of(company))
    log_in(browser, idp, company.provider, "connect")
    browser.open(CONNECTIONS)
    assert disconnect(browser) == 302
    assert not SocialAccount.objects.exists()
    assert company.audited()[-1] == "identity.disconnect done"


def test_nobody_disconnects_another(idp: OidcServer, company: Company) -> None:
    log_in(Browser(), idp, company.provider)
    browser = signed_in(member_of(company))
    browser.open(CONNECTIONS)
    assert disconnect(browser) == 302
    assert SocialAccount.objects.exists()


def test_an_identity_of_a_provider_that_is_gone_is_still_listed(idp: OidcServer, company: Company) -> None:
    browser = signed_in(member_of(company))
    log_in(browser, idp, company.provider, "connect")
    with org_tx(company.org_id):
        IdentityProvider.objects.all().delete()
    assert "A provider that is gone" in browser.open(CONNECTIONS).content.decode()
    assert disconnect(browser) == 302
    assert not SocialAccount.objects.exists()
