"""The page on which a login through a provider begins."""

import pytest
from allauth.socialaccount.models import SocialApp
from django.test import RequestFactory

from orgs.accounts.people import create_person
from orgs.sso.adapter import SsoAdapter
from tests.orgs.accounts.browser import LOGIN, PASSWORD, Browser, text_of
from tests.orgs.sso.oidc_server import OidcServer
from tests.orgs.sso.support import Company, oidc_company, oidc_provider

START = "/account/sso/"


def test_an_email_of_the_domain_leads_to_the_provider(browser: Browser, company: Company) -> None:
    page = browser.submit(START, email="Anybody@CORP.example")
    assert "Continue with Staff" in page.content.decode()
    assert f"/account/sso/{company.provider.public_id}/begin/" in page.content.decode()


def test_all_providers_are_offered(browser: Browser, company: Company, idp: OidcServer) -> None:
    second = oidc_provider(company.owner, idp)
    text = browser.submit(START, email="anybody@corp.example").content.decode()
    assert company.provider.public_id in text
    assert second.public_id in text


def test_whether_an_email_has_an_account_changes_nothing(browser: Browser, company: Company) -> None:
    create_person(email="known@corp.example", password=PASSWORD)
    create_person(email="known@home.example", password=PASSWORD)
    for domain in ("corp.example", "home.example"):
        known, unknown = (text_of(browser.submit(START, email=f"{who}@{domain}")) for who in ("known", "other"))
        assert known.replace("known@", "other@") == unknown


@pytest.mark.parametrize("email", ["eve@home.example", "eve@mail.corp.example", "eve@disabled.example"])
def test_domains_without_a_provider_all_get_the_same_answer(
    browser: Browser, company: Company, idp: OidcServer, email: str
) -> None:
    oidc_company(idp, "disabled.example", is_enabled=False)
    page = browser.submit(START, email=email)
    assert "There is no single sign-on for this email address." in page.content.decode()


@pytest.mark.parametrize("email", ["", "eve", "eve@", "@corp.example", "x" * 300])
def test_what_is_no_email_is_asked_for_again(browser: Browser, company: Company, email: str) -> None:
    page = browser.submit(START, email=email)
    assert (page.status_code, "Continue with" in page.content.decode()) == (200, False)


def test_the_page_may_send_its_form_to_providers_and_nothing_else_changes(
    browser: Browser, idp: OidcServer, company: Company
) -> None:
    policy, usual = (browser.open(path)["Content-Security-Policy"] for path in (START, LOGIN))
    assert policy == usual.replace("form-action 'self'", f"form-action 'self' https: {idp.issuer}")


def test_the_page_of_the_login_leads_there(browser: Browser) -> None:
    assert f'href="{START}"' in browser.open(LOGIN).content.decode()


def test_a_row_of_allauths_own_table_of_providers_offers_nothing(browser: Browser) -> None:
    row = SocialApp.objects.create(provider="saml", provider_id="sso_row", client_id="sso_row", name="Row")
    request = RequestFactory().get("/")
    assert SsoAdapter(request).list_providers(request) == []
    assert browser.open("/account/saml/sso_row/metadata/").status_code == 404
    row.delete()  # The table is of no organization and no person, and so is not emptied.
