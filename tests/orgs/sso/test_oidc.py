"""Logins through a provider of OpenID Connect: who is let in, and what it may say."""

import base64
import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from threading import Event, Thread
from typing import Any
from unittest.mock import Mock

import jwt
import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialLogin, SocialToken
from allauth.socialaccount.providers.base.provider import ProviderException
from django.test import RequestFactory
from django.utils import timezone

from loci.http.places import place_if_free
from loci.tenancy.context import org_tx
from orgs.accounts.rates import RATES
from orgs.models import Domain, Organization, Role, User
from orgs.sso.adapter import SsoAdapter
from orgs.sso.admission import confirmed_email
from orgs.sso.oidc.provider import OidcAdapter
from orgs.sso.refusals import NotAdmitted, Refusal
from orgs.sso.waiting import place_to_wait
from tests.orgs.accounts.browser import HOME, Browser
from tests.orgs.sso.oidc_server import CLIENT_SECRET, Claims, OidcServer, key_of
from tests.orgs.sso.support import Company, begin, log_in, oidc_company, path_of, person_of


def test_a_first_login_makes_the_person_and_their_membership(
    browser: Browser, idp: OidcServer, company: Company
) -> None:
    answer = log_in(browser, idp, company.provider)
    assert (answer.status_code, answer["Location"]) == (302, HOME)
    person = User.objects.get(email="eve@corp.example")
    assert person_of(browser) == person
    assert not person.has_usable_password()
    assert company.members()["eve@corp.example"] == Role.READER
    assert company.audited()[-2:] == ["member.add done", "login.succeed done"]


def test_the_next_login_is_the_same_person_whatever_their_email_is_now(idp: OidcServer, company: Company) -> None:
    log_in(Browser(), idp, company.provider)
    browser = Browser()
    log_in(browser, idp, company.provider, email="eve.married@corp.example")
    assert person_of(browser) == User.objects.get(email="eve@corp.example")
    assert User.objects.count() == 2


def test_nothing_of_what_the_provider_told_is_kept(browser: Browser, idp: OidcServer, company: Company) -> None:
    log_in(browser, idp, company.provider, phone_number="+39 06 1234567")
    assert SocialAccount.objects.get().extra_data == {}
    assert not SocialToken.objects.exists()


def test_who_comes_first_gets_the_role_that_the_owner_chose(browser: Browser, idp: OidcServer) -> None:
    company = oidc_company(idp, default_role=Role.OWNER)
    log_in(browser, idp, company.provider)
    assert company.members()["eve@corp.example"] == Role.OWNER


def test_a_login_is_possible_where_nobody_may_sign_up(
    browser: Browser, idp: OidcServer, company: Company, settings: Any
) -> None:
    settings.SIGN_UP = False
    log_in(browser, idp, company.provider)
    assert browser.is_logged_in


def test_an_email_that_only_the_userinfo_endpoint_tells_counts(
    browser: Browser, idp: OidcServer, company: Company
) -> None:
    idp.userinfo = {"sub": "subject-1", "email": "eve@corp.example", "email_verified": True}
    log_in(browser, idp, company.provider, email=None, email_verified=None)
    assert browser.is_logged_in


def test_the_userinfo_of_somebody_else_does_not_count(browser: Browser, idp: OidcServer, company: Company) -> None:
    idp.userinfo = {"sub": "subject-2", "email": "eve@corp.example", "email_verified": True}
    assert log_in(browser, idp, company.provider, email=None, email_verified=None).status_code == 403
    assert not browser.is_logged_in


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"email": "eve@gmail.example"}, "of a domain that the organization has not proved"),
        ({"email": "eve@mail.corp.example"}, "of a domain that the organization has not proved"),
        ({"email": "eve@corp.example.evil.example"}, "of a domain that the organization has not proved"),
        ({"email": "eve@corp.example@evil.example"}, "did not confirm an email"),
        (
            {"email": "eve@corp.exam\N{LATIN SMALL LETTER P WITH HOOK}le"},
            "of a domain that the organization has not proved",
        ),
        ({"email_verified": False}, "did not confirm an email"),
        ({"email_verified": [True]}, "did not confirm an email"),
        ({"email_verified": {}}, "did not confirm an email"),
        ({"email_verified": "false"}, "did not confirm an email"),
        ({"email_verified": None}, "did not confirm an email"),
        ({"email": None}, "did not confirm an email"),
        ({"email": ""}, "did not confirm an email"),
        ({"email": ["eve@corp.example"]}, "did not confirm an email"),
    ],
)
def test_who_brings_no_confirmed_email_of_a_proved_domain_is_refused(
    browser: Browser, idp: OidcServer, company: Company, claims: Claims, words: str
) -> None:
    idp.userinfo = {"sub": "subject-1"}
    answer = log_in(browser, idp, company.provider, **claims)
    assert (answer.status_code, words in answer.content.decode()) == (403, True)
    assert not browser.is_logged_in
    assert [*company.members()] == ["owner@corp.example"]


@pytest.mark.parametrize(
    "email",
    ["eve\nBcc: x@corp.example", "eve@evil@corp.example", f"{'e' * 250}@corp.example", '"eve\x01"@corp.example'],
)
def test_what_is_no_email_is_of_no_domain(email: str) -> None:
    """django-allauth forgets such emails before; who is admitted does not hang on that alone."""
    confirmed = EmailAddress(email=email, verified=True)
    with pytest.raises(NotAdmitted) as refused:
        confirmed_email(SocialLogin(email_addresses=[confirmed]))
    assert refused.value.reason is Refusal.NO_EMAIL


def test_a_provider_that_is_trusted_need_not_say_that_an_email_is_verified(browser: Browser, idp: OidcServer) -> None:
    company = oidc_company(idp, settings={"trusts_emails": True})
    log_in(browser, idp, company.provider, email_verified=None)
    assert browser.is_logged_in


def test_a_provider_that_is_trusted_may_still_say_the_contrary(browser: Browser, idp: OidcServer) -> None:
    company = oidc_company(idp, settings={"trusts_emails": True})
    assert log_in(browser, idp, company.provider, email_verified=False).status_code == 403


def _signed_by_another(idp: OidcServer, claims: Claims) -> str:
    return jwt.encode(claims, key_of("another"), algorithm="RS256", headers={"kid": "one"})


def _unsigned(idp: OidcServer, claims: Claims) -> str:
    return jwt.encode(claims, "", algorithm="none", headers={"kid": "one"})


def _signed_with_the_secret(idp: OidcServer, claims: Claims) -> str:
    return jwt.encode(claims, CLIENT_SECRET.ljust(32, "-"), algorithm="HS256", headers={"kid": "one"})


def _changed_after_signing(idp: OidcServer, claims: Claims) -> str:
    head, _, signature = idp.signed(claims).split(".")
    body = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "another"}).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


ENDLESS = b"[" * 99_999

HOSTILE_TOKENS: dict[str, Callable[[OidcServer, Claims], Any]] = {
    "signed by another": _signed_by_another,
    "unsigned": _unsigned,
    "signed with the client's secret": _signed_with_the_secret,
    "changed after signing": _changed_after_signing,
    "of an unknown key": lambda idp, claims: idp.signed(claims, kid="two"),
    "of another issuer": lambda idp, claims: idp.signed({**claims, "iss": "https://evil.example"}),
    "for another client": lambda idp, claims: idp.signed({**claims, "aud": "somebody"}),
    "for others too": lambda idp, claims: idp.signed({**claims, "aud": [claims["aud"], "somebody"]}),
    "of another party": lambda idp, claims: idp.signed({**claims, "azp": "somebody"}),
    "expired": lambda idp, claims: idp.signed({**claims, "exp": int(time.time()) - 120}),
    "without an end": lambda idp, claims: idp.signed({**claims, "exp": None}),
    "of another login": lambda idp, claims: idp.signed({**claims, "nonce": "another"}),
    "of no login": lambda idp, claims: idp.signed({**claims, "nonce": None}),
    "of nobody": lambda idp, claims: idp.signed({**claims, "sub": None}),
    "of an empty name": lambda idp, claims: idp.signed({**claims, "sub": ""}),
    "of a number": lambda idp, claims: idp.signed({**claims, "sub": 7}),
    "of a name with NUL": lambda idp, claims: idp.signed({**claims, "sub": "eve\0"}),
    "of half a character": lambda idp, claims: idp.signed({**claims, "sub": "\ud800"}),
    "of a long name": lambda idp, claims: idp.signed({**claims, "sub": "s" * 192}),
    "nonsense": lambda idp, claims: "nonsense",
    "nested without end": lambda idp, claims: f"{base64.urlsafe_b64encode(ENDLESS).decode()}.e30.c2ln",
    "a number": lambda idp, claims: 7,
    "missing": lambda idp, claims: None,
}


@pytest.mark.parametrize("token", HOSTILE_TOKENS.values(), ids=[*HOSTILE_TOKENS])
def test_an_id_token_that_is_not_valid_lets_nobody_in(
    browser: Browser, idp: OidcServer, company: Company, token: Callable[[OidcServer, Claims], Any]
) -> None:
    idp.sign = lambda claims: token(idp, claims)
    assert log_in(browser, idp, company.provider).status_code == 403
    assert not browser.is_logged_in
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "config",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"jwks_uri": "http://127.0.0.1:1/jwks"},
        {"token_endpoint": "http://169.254.169.254/latest/meta-data"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": 7},
        {"token_endpoint": None},
    ],
)
def test_a_provider_that_describes_itself_wrongly_is_not_gone_to(
    browser: Browser, idp: OidcServer, company: Company, config: Claims
) -> None:
    idp.config |= config
    answer = begin(browser, company.provider)
    assert (answer.status_code, idp.paths) == (403, ["/.well-known/openid-configuration"])


@pytest.mark.parametrize("config", [[], "text", 7, b"no JSON", ENDLESS, None])
def test_a_provider_that_describes_itself_as_something_else_is_not_gone_to(
    browser: Browser, idp: OidcServer, company: Company, config: Any
) -> None:
    idp.config = config
    assert begin(browser, company.provider).status_code == 403


def test_a_provider_that_describes_itself_otherwise_meanwhile_lets_nobody_in(
    browser: Browser, idp: OidcServer, company: Company
) -> None:
    told = {"sub": "subject-1", "email": "eve@corp.example", "email_verified": True}
    address = path_of(idp.sign_in(begin(browser, company.provider)["Location"], **told))
    idp.config["issuer"] = "https://evil.example"
    assert browser.open(address).status_code == 403
    assert "/token" not in idp.paths


def test_a_code_is_not_exchanged_without_the_secret_of_who_asked_for_it(company: Company) -> None:
    request, app, client = RequestFactory().get("/"), Mock(), Mock()
    with pytest.raises(ProviderException, match="not begun here"):
        OidcAdapter(request, company.provider.public_id).get_access_token_data(request, app, client)
    assert client.mock_calls == []


def test_a_provider_at_a_private_address_is_not_asked(
    browser: Browser, idp: OidcServer, company: Company, settings: Any
) -> None:
    settings.ALLOWED_PRIVATE_HOSTS = []
    assert begin(browser, company.provider).status_code == 403
    assert idp.paths == []


@pytest.mark.parametrize(
    "answer",
    [7, [], "text", {}, ENDLESS, {"access_token": 7}, {"access_token": "a"}, {"access_token": "a", "id_token": {}}],
)
def test_tokens_that_are_none_let_nobody_in(browser: Browser, idp: OidcServer, company: Company, answer: Any) -> None:
    idp.token_answer = answer
    assert log_in(browser, idp, company.provider).status_code == 403
    assert not browser.is_logged_in


def test_a_callback_that_was_not_asked_for_in_this_browser_lets_nobody_in(
    browser: Browser, idp: OidcServer, company: Company
) -> None:
    attacker = Browser()
    address = idp.sign_in(begin(attacker, company.provider)["Location"], sub="mallory", email="mallory@corp.example")
    assert browser.open(path_of(address)).status_code == 403
    assert not browser.is_logged_in
    assert "/token" not in idp.paths


def test_a_callback_works_once(browser: Browser, idp: OidcServer, company: Company) -> None:
    told = {"sub": "subject-1", "email": "eve@corp.example", "email_verified": True}
    address = path_of(idp.sign_in(begin(browser, company.provider)["Location"], **told))
    assert browser.open(address).status_code == 302
    browser.submit("/account/logout/")
    assert browser.open(address).status_code == 403
    assert not browser.is_logged_in


def test_a_login_that_began_at_one_provider_does_not_end_at_another(
    browser: Browser, idp: OidcServer, company: Company
) -> None:
    other = oidc_company(idp, "other.example")
    address = idp.sign_in(begin(browser, other.provider)["Location"], sub="s", email="eve@corp.example")
    swapped = path_of(address).replace(other.provider.public_id, company.provider.public_id)
    assert browser.open(swapped).status_code == 403
    assert not browser.is_logged_in


def test_providers_that_take_their_time_do_not_take_every_thread(
    browser: Browser, idp: OidcServer, company: Company, settings: Any
) -> None:
    with ExitStack() as places:
        while places.enter_context(place_if_free()):
            pass
        assert begin(browser, company.provider).status_code == 503
    assert begin(browser, company.provider).status_code == 302


def test_of_each_provider_one_login_waits_at_a_time(browser: Browser, idp: OidcServer, company: Company) -> None:
    other = oidc_company(idp, "other.example")
    with place_to_wait(company.provider.public_id):
        refused = begin(browser, company.provider)
        assert (refused.status_code, refused["Retry-After"]) == (503, "2")
        assert browser.open(f"/account/oidc/{company.provider.public_id}/callback/?code=1").status_code == 503
        assert begin(browser, other.provider).status_code == 302
    assert begin(browser, company.provider).status_code == 302


def test_a_provider_that_hangs_holds_no_other_up(
    browser: Browser, idp: OidcServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, may_answer, own_answer = Event(), Event(), idp.answer

    def hang(path: str, form: dict[str, str]) -> Any:
        asked.set()
        may_answer.wait(60)
        return own_answer(path, form)

    with OidcServer() as other:
        settings.ALLOWED_PRIVATE_HOSTS = [idp.place, other.place]
        slow, quick = oidc_company(idp), oidc_company(other, "other.example")
        monkeypatch.setattr(idp, "answer", hang)
        waiting = Thread(target=begin, args=(Browser(), slow.provider))
        waiting.start()
        try:
            assert asked.wait(60)
            assert begin(browser, quick.provider).status_code == 302
            assert waiting.is_alive()
            assert not may_answer.is_set()
        finally:
            may_answer.set()
            waiting.join()


@pytest.mark.parametrize("page", ["begin", "start"])
def test_an_address_asks_only_so_often(company: Company, monkeypatch: pytest.MonkeyPatch, page: str) -> None:
    monkeypatch.setitem(RATES, f"sso_{page}", "2/m/ip")

    def ask(address: str) -> int:
        browser = Browser(address)
        if page == "begin":
            return int(begin(browser, company.provider).status_code)
        return int(browser.submit("/account/sso/", email="eve@corp.example").status_code)

    answers = [ask(f"2001:db8::{number}") for number in range(3)]
    assert answers == [answers[0], answers[0], 429]
    assert ask("2001:db8:1::1") == answers[0] < 400


def test_a_login_is_not_begun_by_a_link(browser: Browser, company: Company) -> None:
    assert browser.open(f"/account/sso/{company.provider.public_id}/begin/").status_code == 405


def test_a_login_is_not_begun_by_another_site(browser: Browser, idp: OidcServer, company: Company) -> None:
    assert browser.client.post(f"/account/sso/{company.provider.public_id}/begin/").status_code == 403
    assert idp.paths == []


def _disable(company: Company) -> None:
    company.change(is_enabled=False)


def _remove_provider(company: Company) -> None:
    with org_tx(company.org_id):
        type(company.provider).objects.filter(id=company.provider.id).delete()


def _delete_organization(company: Company) -> None:
    with org_tx(company.org_id):
        Organization.objects.update(deleted_at=timezone.now())


@pytest.mark.parametrize("end", [_disable, _remove_provider, _delete_organization])
@pytest.mark.parametrize("known", [True, False], ids=["known", "new"])
def test_a_provider_that_is_no_more_lets_nobody_in(
    browser: Browser, idp: OidcServer, company: Company, end: Callable[[Company], None], known: bool
) -> None:
    if known:
        log_in(Browser(), idp, company.provider)
    told = {"sub": "subject-1", "email": "eve@corp.example", "email_verified": True}
    address = path_of(idp.sign_in(begin(browser, company.provider)["Location"], **told))
    end(company)
    assert browser.open(address).status_code == 404
    assert begin(browser, company.provider).status_code == 404
    assert not browser.is_logged_in


def test_without_the_domain_nobody_is_let_in_any_more(idp: OidcServer, company: Company) -> None:
    log_in(Browser(), idp, company.provider)
    with org_tx(company.org_id):
        Domain.objects.update(verified_at=None)
    browser = Browser()
    assert log_in(browser, idp, company.provider).status_code == 403
    assert not browser.is_logged_in
    assert company.audited()[-1] == "login.fail denied"


def test_who_was_removed_from_the_organization_is_refused(idp: OidcServer, company: Company) -> None:
    log_in(Browser(), idp, company.provider)
    with org_tx(company.org_id):
        User.objects.get(email="eve@corp.example").memberships.all().delete()
    browser = Browser()
    answer = log_in(browser, idp, company.provider)
    assert (answer.status_code, "You are not a member" in answer.content.decode()) == (403, True)
    assert not browser.is_logged_in
    assert [*company.members()] == ["owner@corp.example"]


@pytest.fixture
def at_that_moment(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Lets something happen after a newcomer was found to be one, and before they are made."""

    def happen(event: Callable[[], Any]) -> None:
        save = SsoAdapter.save_user

        def save_then(self: SsoAdapter, *args: Any) -> User:
            event()
            return save(self, *args)

        monkeypatch.setattr(SsoAdapter, "save_user", lambda self, request, login, form: save_then(self, request, login))

    return happen


def test_who_comes_twice_at_a_moment_is_made_once(
    browser: Browser, idp: OidcServer, company: Company, at_that_moment: Callable[[Callable[[], Any]], None]
) -> None:
    at_that_moment(lambda: User.objects.create_user("eve@corp.example"))
    assert log_in(browser, idp, company.provider).status_code == 403
    assert not SocialAccount.objects.exists()
    assert [*company.members()] == ["owner@corp.example"]


def test_a_provider_that_is_disabled_at_that_moment_makes_nobody(
    browser: Browser, idp: OidcServer, company: Company, at_that_moment: Callable[[Callable[[], Any]], None]
) -> None:
    at_that_moment(lambda: company.change(is_enabled=False))
    assert log_in(browser, idp, company.provider).status_code == 403
    assert User.objects.count() == 1


def test_who_is_not_active_is_not_logged_in(idp: OidcServer, company: Company) -> None:
    log_in(Browser(), idp, company.provider)
    User.objects.filter(email="eve@corp.example").update(is_active=False)
    browser = Browser()
    log_in(browser, idp, company.provider)
    assert not browser.is_logged_in
