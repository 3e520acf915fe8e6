"""Logins through a SAML provider: an assertion counts once, for whom and what it was made, and as it was signed."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount
from django.contrib.sessions.models import Session
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Constants
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from orgs.models import Role, User
from orgs.services.identity_providers import enabled_provider
from tests.orgs.accounts.browser import HOME, Browser
from tests.orgs.sso.saml_server import EMAIL_FORMAT, SamlServer, Signer, as_form
from tests.orgs.sso.support import (
    Company,
    ask_saml,
    begin,
    code_of,
    deliver,
    person_of,
    saml_company,
    saml_log_in,
    saml_provider,
)

BOSS = "boss@corp.example"


@pytest.fixture
def saml(database: None) -> tuple[Company, SamlServer]:
    return saml_company()


def test_a_first_login_makes_the_person_and_their_membership(
    browser: Browser, saml: tuple[Company, SamlServer]
) -> None:
    company, server = saml
    answer = saml_log_in(browser, server, company.provider)
    assert (answer.status_code, answer["Location"]) == (302, HOME)
    assert person_of(browser) == User.objects.get(email="eve@corp.example")
    assert company.members()["eve@corp.example"] == Role.READER
    assert SocialAccount.objects.get().uid == "subject-1"


def test_the_next_login_is_the_same_person(saml: tuple[Company, SamlServer]) -> None:
    company, server = saml
    saml_log_in(Browser(), server, company.provider)
    browser = Browser()
    saml_log_in(browser, server, company.provider, email="eve.married@corp.example")
    assert person_of(browser) == User.objects.get(email="eve@corp.example")


def test_the_name_may_be_the_email(browser: Browser, saml: tuple[Company, SamlServer]) -> None:
    company, server = saml
    saml_log_in(browser, server, company.provider, subject="eve@corp.example", email="", format=EMAIL_FORMAT)
    assert person_of(browser) == User.objects.get(email="eve@corp.example")


def test_who_brings_no_email_is_refused(browser: Browser, saml: tuple[Company, SamlServer]) -> None:
    company, server = saml
    answer = saml_log_in(browser, server, company.provider, email="")
    assert (answer.status_code, "did not confirm an email" in answer.content.decode()) == (403, True)


def test_who_has_a_second_factor_is_asked_for_it(saml: tuple[Company, SamlServer]) -> None:
    company, server = saml
    saml_log_in(Browser(), server, company.provider)
    secret = generate_totp_secret()
    TOTP.activate(User.objects.get(email="eve@corp.example"), secret)
    browser = Browser()
    assert saml_log_in(browser, server, company.provider)["Location"] == "/account/2fa/authenticate/"
    browser.submit("/account/2fa/authenticate/", code=code_of(secret))
    assert browser.is_logged_in


def test_a_login_may_be_answered_with_both_signatures(browser: Browser, saml: tuple[Company, SamlServer]) -> None:
    company, server = saml
    request_id = ask_saml(browser, company.provider)
    response = server.signer.sign(server.signed(request_id, server.assertion(request_id)))
    deliver(browser, company.provider, response)
    assert browser.is_logged_in


def _unsigned(server: SamlServer, request_id: str) -> str:
    return server.response(request_id, server.assertion(request_id, email=BOSS))


def _response_signed_alone(server: SamlServer, request_id: str) -> str:
    return server.signer.sign(server.response(request_id, server.assertion(request_id)))


def _signed_by_another(server: SamlServer, request_id: str) -> str:
    return server.response(request_id, Signer().sign(server.assertion(request_id)))


def _changed_after_signing(server: SamlServer, request_id: str) -> str:
    return server.signed(request_id, server.assertion(request_id)).replace("eve@corp.example", BOSS)


def _of_another_issuer(server: SamlServer, request_id: str) -> str:
    return server.signed(request_id, server.assertion(request_id).replace(server.entity_id, "https://evil.example"))


def _wrapped(server: SamlServer, request_id: str, place: Callable[[str, str], str]) -> str:
    """A signed assertion, moved to where only the signature's check finds it, and a forged one in its place."""
    forged = server.assertion(request_id, subject="boss", email=BOSS)
    return server.response(request_id, place(forged, server.signer.sign(server.assertion(request_id))))


def _wrapped_beside(server: SamlServer, request_id: str) -> str:
    return _wrapped(server, request_id, lambda forged, signed: forged + signed)


def _wrapped_before(server: SamlServer, request_id: str) -> str:
    return _wrapped(server, request_id, lambda forged, signed: signed + forged)


def _wrapped_within(server: SamlServer, request_id: str) -> str:
    return _wrapped(
        server, request_id, lambda forged, signed: forged.replace("<saml:Subject>", f"{signed}<saml:Subject>", 1)
    )


def _wrapped_in_the_signature(server: SamlServer, request_id: str) -> str:
    """The forged assertion carries the true signature, and the true assertion lies in an Object of that."""
    signed = server.signer.sign(server.assertion(request_id))
    signature = re.search(r"<ds:Signature .*?</ds:Signature>", signed, re.DOTALL)
    assert signature
    held = signature[0].replace("</ds:Signature>", f"<ds:Object>{signed}</ds:Object></ds:Signature>")
    forged = server.assertion(request_id, subject="boss", email=BOSS)
    return server.response(request_id, forged.replace("</saml:Issuer>", f"</saml:Issuer>{held}", 1))


def _with_its_id(server: SamlServer, request_id: str) -> str:
    """The forged assertion takes the id of the signed one."""
    signed = server.signer.sign(server.assertion(request_id))
    its_id = re.search(r'<saml:Assertion [^>]*\bID="([^"]+)"', signed)
    assert its_id
    forged = re.sub(r'\bID="[^"]+"', f'ID="{its_id[1]}"', server.assertion(request_id, subject="boss", email=BOSS))
    return server.response(request_id, forged + signed)


def _doctype(server: SamlServer, request_id: str) -> str:
    entity = '<!DOCTYPE r [<!ENTITY who "boss">]>'
    return entity + server.signed(request_id, server.assertion(request_id))


def _weakly_signed(server: SamlServer, request_id: str) -> str:
    signed = OneLogin_Saml2_Utils.add_sign(
        server.assertion(request_id),
        server.signer.private_pem,
        server.signer.certificate,
        sign_algorithm=Constants.RSA_SHA1,
        digest_algorithm=Constants.SHA1,
    )
    return server.response(request_id, signed.decode())


def _signed(**assertion: Any) -> Callable[[SamlServer, str], str]:
    return lambda server, request_id: server.signed(request_id, server.assertion(request_id, **assertion))


HOSTILE: dict[str, Callable[[SamlServer, str], str]] = {
    "unsigned": _unsigned,
    "the response signed alone": _response_signed_alone,
    "signed by another": _signed_by_another,
    "signed by a weak algorithm": _weakly_signed,
    "changed after signing": _changed_after_signing,
    "of another issuer": _of_another_issuer,
    "for another audience": _signed(audience="https://somebody.example"),
    "for no audience": _signed(audience=""),
    "for another recipient": _signed(recipient="https://somebody.example/acs/"),
    "for a longer recipient": lambda server, request_id: server.signed(
        request_id, server.assertion(request_id, recipient=f"{server.acs_url}?somebody")
    ),
    "expired": _signed(valid_s=-200),
    "confirmed for no request": _signed(confirmed=False),
    "of a passing name": _signed(format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient"),
    "of an empty name": _signed(subject=""),
    "of a long name": _signed(subject="s" * 192),
    "of a name that cannot be seen": _signed(subject="&#x202e;eve"),
    "wrapped beside": _wrapped_beside,
    "wrapped before": _wrapped_before,
    "wrapped within": _wrapped_within,
    "wrapped in the signature": _wrapped_in_the_signature,
    "with the signed one's id": _with_its_id,
    "with a document type": _doctype,
    "nonsense": lambda server, request_id: "nonsense",
    "another document": lambda server, request_id: "<a/>",
}


@pytest.mark.parametrize("made", HOSTILE.values(), ids=[*HOSTILE])
def test_a_response_that_is_not_valid_lets_nobody_in(
    browser: Browser, saml: tuple[Company, SamlServer], made: Callable[[SamlServer, str], str]
) -> None:
    company, server = saml
    answer = deliver(browser, company.provider, made(server, ask_saml(browser, company.provider)))
    assert answer.status_code == 403
    assert not browser.is_logged_in
    assert User.objects.count() == 1


@pytest.mark.parametrize("comment", ["<!-- -->", "<!---->"])
def test_a_comment_in_a_name_does_not_cut_it_short(
    browser: Browser, saml: tuple[Company, SamlServer], comment: str
) -> None:
    company, server = saml
    saml_log_in(Browser(), server, company.provider, subject="boss", email=BOSS)
    saml_log_in(browser, server, company.provider, subject=f"boss{comment}.evil", email="evil@corp.example")
    assert person_of(browser) == User.objects.get(email="evil@corp.example")


@pytest.mark.parametrize("comment", ["<!-- -->", "<!---->"])
def test_a_comment_in_an_email_does_not_cut_it_short(
    browser: Browser, saml: tuple[Company, SamlServer], comment: str
) -> None:
    company, server = saml
    saml_log_in(browser, server, company.provider, email=f"boss@corp.example{comment}.evil.example")
    assert not browser.is_logged_in


def test_a_response_works_once(browser: Browser, saml: tuple[Company, SamlServer]) -> None:
    company, server = saml
    request_id = ask_saml(browser, company.provider)
    response = server.signed(request_id, server.assertion(request_id))
    deliver(browser, company.provider, response)
    browser.submit("/account/logout/")
    assert deliver(browser, company.provider, response).status_code == 403
    assert not browser.is_logged_in


def test_an_assertion_is_no_good_for_a_later_login(browser: Browser, saml: tuple[Company, SamlServer]) -> None:
    company, server = saml
    first, second = ask_saml(browser, company.provider), ask_saml(browser, company.provider)
    assertion = server.signer.sign(server.assertion(first))
    assert deliver(browser, company.provider, server.response(second, assertion)).status_code == 403
    assert not browser.is_logged_in


def test_a_response_to_another_browser_lets_nobody_in(browser: Browser, saml: tuple[Company, SamlServer]) -> None:
    company, server = saml
    request_id = ask_saml(Browser(), company.provider)
    response = server.signed(request_id, server.assertion(request_id))
    assert deliver(browser, company.provider, response).status_code == 403
    assert not browser.is_logged_in


def test_a_response_that_nobody_asked_for_lets_nobody_in(browser: Browser, saml: tuple[Company, SamlServer]) -> None:
    company, server = saml
    response = server.response("", server.signer.sign(server.assertion("", confirmed=False)))
    assert deliver(browser, company.provider, response).status_code == 403
    assert not browser.is_logged_in


def test_a_response_to_another_organization_lets_nobody_in(browser: Browser, saml: tuple[Company, SamlServer]) -> None:
    company, server = saml
    other, others = saml_company("other.example")
    other.change(settings=company.provider.settings)  # The two share a provider.
    others.signer, others.entity_id = server.signer, server.entity_id
    request_id = ask_saml(browser, company.provider)
    response = others.signed(request_id, others.assertion(request_id))
    assert deliver(browser, company.provider, response).status_code == 403
    assert not browser.is_logged_in


def test_two_providers_of_an_organization_know_different_people_by_one_name(saml: tuple[Company, SamlServer]) -> None:
    company, server = saml
    saml_log_in(Browser(), server, company.provider, subject="boss", email=BOSS)
    second, others = saml_provider(company.owner)
    browser = Browser()
    answer = saml_log_in(browser, others, second.provider, subject="boss", email=BOSS)
    assert (answer.status_code, "There is an account" in answer.content.decode()) == (403, True)
    assert not browser.is_logged_in


def test_the_metadata_name_this_server(browser: Browser, saml: tuple[Company, SamlServer]) -> None:
    company, server = saml
    answer = browser.open(f"/account/saml/{company.provider.public_id}/metadata/")
    text = answer.content.decode()
    assert f'entityID="{server.audience}"' in text
    assert f'Location="{server.acs_url}"' in text
    assert "SingleLogoutService" not in text


def test_a_response_is_taken_for_a_saml_provider_only(browser: Browser, company: Company) -> None:
    for public_id in (company.provider.public_id, "sso_unknown"):
        assert browser.client.post(f"/account/saml/{public_id}/acs/", {"SAMLResponse": "x"}).status_code == 404
        assert browser.open(f"/account/saml/{public_id}/metadata/").status_code == 404


def test_what_the_provider_did_not_sign_is_not_kept(browser: Browser, saml: tuple[Company, SamlServer]) -> None:
    company, server = saml
    request_id = ask_saml(browser, company.provider)
    before, form = Session.objects.count(), as_form(_unsigned(server, request_id))
    assert browser.client.post(f"/account/saml/{company.provider.public_id}/acs/", form).status_code == 403
    assert Session.objects.count() == before


@pytest.mark.parametrize("form", [{}, {"SAMLResponse": ""}, {"SAMLResponse": "x" * (256 * 1024 + 1)}])
def test_an_empty_or_large_response_is_not_taken(
    browser: Browser, saml: tuple[Company, SamlServer], form: dict[str, str]
) -> None:
    provider = saml[0].provider
    assert browser.client.post(f"/account/saml/{provider.public_id}/acs/", form).status_code == 400


def test_a_disabled_provider_takes_no_response(browser: Browser, saml: tuple[Company, SamlServer]) -> None:
    company, _ = saml
    company.change(is_enabled=False)
    assert enabled_provider(company.provider.public_id) is None
    assert begin(browser, company.provider).status_code == 404
