"""Mails leave through a real mail server, and when they cannot, nothing is half done."""

import re
from collections.abc import Iterator
from email.message import Message
from typing import Any, cast

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives

from loci.env import MailServer, mail_server
from orgs.accounts.people import NewOwner
from orgs.mails import with_html
from orgs.models import User
from tests.orgs.accounts.browser import HOME, LOGIN, RESET, Browser, content
from tests.orgs.accounts.smtp import Postbox, postbox


@pytest.fixture
def server(settings: Any) -> Iterator[Postbox]:
    with postbox() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        yield running


@pytest.fixture
def no_server(server: Postbox, settings: Any) -> None:
    settings.EMAIL_PORT = 1


def test_a_mail_arrives_as_text_and_html(browser: Browser, server: Postbox) -> None:
    browser.sign_up("new@example.com")
    (mail,) = server.mails
    assert mail["To"] == "new@example.com"
    assert mail["Subject"] == "Confirm your email address"
    text, html = cast("list[Message]", mail.get_payload())
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    (link,) = [line for line in content(text).splitlines() if "confirm-email" in line]
    assert f'href="{link}"' in content(html)


def test_only_addresses_of_ones_own_are_links(settings: Any) -> None:
    own = f"{settings.BASE_URL}/account/invitations/abc/"
    lines = ["Join https://evil.example <b>", "https://evil.example/", f"{settings.BASE_URL}.evil.example/", own]
    mail = with_html(EmailMultiAlternatives("Come", "\n".join(lines)))
    [(html, _)] = mail.alternatives
    assert re.findall(r'href="([^"]*)"', str(html)) == [own]
    assert "https://evil.example &lt;b&gt;" in str(html)


@pytest.mark.parametrize("email", ["new@example.com", "ada@example.com"])
def test_without_a_mail_server_a_sign_up_is_not_half_done_and_can_be_tried_again(
    browser: Browser, ada: NewOwner, server: Postbox, email: str
) -> None:
    server.refuses = True
    answer = browser.sign_up(email)
    assert (answer.status_code, answer["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert [person.email for person in User.objects.all()] == [ada.person.email]
    assert EmailAddress.objects.count() == 1
    server.refuses = False
    assert browser.sign_up(email)["Location"] == "/account/confirm-email/"
    assert [mail["To"] for mail in server.mails] == [email]


@pytest.mark.usefixtures("no_server")
@pytest.mark.parametrize("email", ["ada@example.com", "who@example.com"])
def test_without_a_mail_server_a_reset_says_so_whoever_asks(browser: Browser, ada: NewOwner, email: str) -> None:
    assert browser.submit(RESET, email=email).status_code == 503


def test_a_new_email_whose_mail_did_not_leave_can_be_asked_for_again(
    browser: Browser, ada: NewOwner, server: Postbox
) -> None:
    browser.log_in(ada.person.email)
    browser.confirm_password()
    server.refuses = True
    assert browser.submit("/account/email/", action_add="", email="bea@example.com").status_code == 503
    server.refuses = False
    browser.submit("/account/email/", action_add="", email="bea@example.com")
    assert [mail["To"] for mail in server.mails] == ["bea@example.com"]


@pytest.mark.usefixtures("no_server")
def test_a_change_that_was_made_does_not_fail_for_its_notification(browser: Browser, ada: NewOwner) -> None:
    browser.log_in(ada.person.email)
    new = "another way to tipperary"
    fields = {"oldpassword": "a long way to tipperary", "password1": new, "password2": new}
    assert browser.submit("/account/password/change/", **fields).status_code == 302
    browser.submit("/account/logout/")
    assert browser.open(HOME)["Location"].startswith(LOGIN)
    assert browser.log_in(ada.person.email, new)["Location"] == HOME


@pytest.mark.parametrize(
    ("url", "means"),
    [
        ("console://", MailServer("console")),
        ("smtp://mx", MailServer("smtp", "mx", 25)),
        ("smtp://mx:587?tls=1", MailServer("smtp", "mx", 587, starts_tls=True)),
        ("smtps://me%40x:p%2Fw@mx", MailServer("smtp", "mx", 465, "me@x", "p/w", is_tls=True)),
    ],
)
def test_a_url_says_how_mails_leave(url: str, means: MailServer) -> None:
    assert mail_server(url) == means


@pytest.mark.parametrize("url", ["", "http://mx", "smtp://", "smtp://mx:port", "smtp"])
def test_any_other_url_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        mail_server(url)
