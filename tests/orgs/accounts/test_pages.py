"""What holds for every page: headers, cookies, forms of strangers, links, errors."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from email.message import Message
from typing import Any, cast

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import OperationalError
from django.test import Client
from django.urls import URLPattern, get_resolver

from orgs.accounts import views
from orgs.accounts.middleware import OPEN_PAGES
from orgs.accounts.people import NewOwner
from tests.orgs.accounts.browser import HOME, LOGIN, PASSWORD, RESET, SIGN_UP, Browser, content, last_mail
from tests.orgs.support import confined_to


@pytest.mark.parametrize("path", [LOGIN, SIGN_UP, RESET, "/account/nothing/"])
def test_a_page_has_the_headers_that_keep_strangers_out(browser: Browser, path: str) -> None:
    headers = browser.open(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert "no-store" in headers["Cache-Control"]


@pytest.mark.parametrize("path", [LOGIN, SIGN_UP, RESET])
def test_no_page_has_scripts_or_styles_of_its_own(browser: Browser, path: str) -> None:
    page = browser.open(path).content.decode()
    assert "<script" not in page
    assert "<style" not in page
    assert "style=" not in page


def test_other_sites_may_not_read_a_page(browser: Browser) -> None:
    answer = browser.client.get(LOGIN, headers={"origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_cookies_are_for_the_server_only(browser: Browser, ada: NewOwner) -> None:
    browser.log_in(ada.person.email)
    for name in ("session", "csrf"):
        cookie = browser.client.cookies[name]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["path"] == "/"
        assert not cookie["domain"]


def test_under_https_cookies_are_of_this_host_only_and_never_sent_in_the_clear() -> None:
    names = ["SESSION_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_NAME", "CSRF_COOKIE_SECURE"]
    program = f"import json; from loci import settings; print(json.dumps([getattr(settings, n) for n in {names}]))"
    environment = os.environ | {"LOCI_BASE_URL": "https://loci.example"}
    printed = subprocess.check_output([sys.executable, "-c", program], env=environment)
    assert json.loads(printed) == ["__Host-session", True, "__Host-csrf", True]


def test_browsers_are_told_to_stay_with_https(browser: Browser, settings: Any) -> None:
    settings.BASE_URL, settings.SECURE_HSTS_SECONDS = "https://loci.example", 63_072_000
    assert browser.open(LOGIN)["Strict-Transport-Security"] == "max-age=63072000"


def test_a_form_without_its_token_is_refused_with_a_page(browser: Browser, ada: NewOwner) -> None:
    answer = browser.client.post(LOGIN, {"login": ada.person.email, "password": PASSWORD})
    assert answer.status_code == 403
    assert "too old" in answer.content.decode()


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_form_of_another_site_is_refused(browser: Browser, ada: NewOwner, origin: str) -> None:
    browser.open(LOGIN)
    fields = {"login": ada.person.email, "password": PASSWORD}
    fields["csrfmiddlewaretoken"] = browser.client.cookies["csrf"].value
    assert browser.client.post(LOGIN, fields, headers={"origin": origin}).status_code == 403
    assert browser.client.post(LOGIN, fields, headers={"origin": "http://localhost:8000"}).status_code == 302


@pytest.mark.parametrize("header", ["host", "x_forwarded_host"])
def test_links_in_mails_lead_to_the_base_url_whatever_the_request_says(ada: NewOwner, header: str) -> None:
    browser = Browser(**{header: "evil.example"})
    browser.submit(RESET, email=ada.person.email)
    browser.submit(RESET, email="who@example.com")
    browser.sign_up("new@example.com")
    browser.sign_up(ada.person.email)
    assert len(mail.outbox) == 4
    for message in mail.outbox:
        text, html = map(content, cast("list[Message]", message.message().get_payload()))
        assert "evil.example" not in text + html
        assert "http://localhost:8000/account/" in text
        assert 'href="http://localhost:8000/account/' in html


def test_the_base_url_decides_whether_links_are_https(browser: Browser, ada: NewOwner, settings: Any) -> None:
    settings.BASE_URL = "https://loci.example"
    browser.submit(RESET, email=ada.person.email)
    assert "https://loci.example/account/password/reset/key/" in last_mail().body


def test_after_a_login_nobody_is_sent_elsewhere(ada: NewOwner) -> None:
    for number, target in enumerate(["https://evil.example/", "//evil.example", "/\\evil.example"]):
        browser = Browser(f"192.0.2.{number}", host="evil.example")
        answer = browser.submit(LOGIN, login=ada.person.email, password=PASSWORD, next=target)
        assert answer["Location"] == HOME


def test_whoever_is_nobody_is_asked_to_log_in(browser: Browser) -> None:
    for path in (HOME, "/account", "/account/email/", "/account/2fa/"):
        assert browser.open(path)["Location"].startswith(LOGIN)


def test_an_unknown_page_is_a_page_and_an_unknown_endpoint_is_json(browser: Browser) -> None:
    page = browser.open("/account/nothing/")
    assert (page.status_code, page["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "Nothing here" in page.content.decode()
    assert browser.open("/v1/nothing/")["Content-Type"] == "application/json"


def test_without_a_database_a_page_says_so(browser: Browser, ada: NewOwner, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("the server closed the connection")

    browser.log_in(ada.person.email)
    monkeypatch.setattr(views, "organizations_of", away)
    page = browser.open(HOME)
    assert (page.status_code, page["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert page["Retry-After"] == "2"


def test_a_form_of_megabytes_is_refused(browser: Browser) -> None:
    browser.open(LOGIN)
    fields = {"csrfmiddlewaretoken": browser.client.cookies["csrf"].value, "login": "x" * 2**21}
    body = "&".join(f"{name}={value}" for name, value in fields.items())
    answer = browser.client.post(LOGIN, body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in {400, 413}


def sso_session(person: NewOwner) -> Browser:
    browser = Browser()
    browser.log_in(person.person.email)
    confined_to(browser.client, person.project.org_id)
    return browser


def test_a_session_of_an_identity_provider_opens_no_settings(ada: NewOwner) -> None:
    browser = sso_session(ada)
    assert browser.open(HOME).status_code == 200
    for path in (
        "/account/email/",
        "/account/password/change/",
        "/account/password/set/",
        "/account/reauthenticate/",
        "/account/2fa/",
        "/account/2fa/totp/activate/",
        "/account/2fa/recovery-codes/",
        "/account/3rdparty/",
    ):
        assert browser.open(path).status_code == 403, path


def test_a_session_of_an_identity_provider_opens_no_page_but_those_that_are_named(ada: NewOwner) -> None:
    browser = sso_session(ada)
    pages = dict(_pages(get_resolver("allauth.urls").url_patterns, "/account/"))
    closed = {path for path, name in pages.items() if name not in OPEN_PAGES and "<" not in path}
    assert len(closed) > 15
    assert {path: browser.open(path).status_code for path in closed} == dict.fromkeys(closed, 403)


def _pages(patterns: list[Any], prefix: str) -> Iterator[tuple[str, str | None]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield path, pattern.name
        else:
            yield from _pages(pattern.url_patterns, path)


def test_a_login_leaves_the_session_before_it_behind(browser: Browser, ada: NewOwner) -> None:
    browser.open(LOGIN)
    before = browser.client.cookies.get("session")
    browser.log_in(ada.person.email)
    first = browser.client.cookies["session"].value
    assert before is None or before.value != first
    browser.submit("/account/logout/")
    assert not Session.objects.filter(session_key=first).exists()


def test_the_api_is_not_opened_by_a_page_of_another_kind(ada: NewOwner) -> None:
    assert Client().get(HOME, headers={"authorization": f"Token {ada.api_key}"})["Location"].startswith(LOGIN)
