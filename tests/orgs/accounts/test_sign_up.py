"""Signing up, proving one's email, logging in and out."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.core import mail
from django.core.cache import cache
from django.utils import timezone

from loci.tenancy.context import org_tx
from orgs.accounts.people import NewOwner
from orgs.models import Invitation, Role, User
from orgs.queries import Caller, organizations_of, place_of
from orgs.services.invitations import token_of
from tests.orgs.accounts.browser import HOME, LOGIN, PASSWORD, RESET, SIGN_UP, WIDE_E, Browser, last_mail, link_in


def signed_up(browser: Browser, email: str = "new@example.com") -> None:
    browser.sign_up(email)
    browser.submit(link_in(last_mail()))


def test_one_signs_up_proves_the_email_logs_in_and_out(browser: Browser) -> None:
    assert browser.sign_up("new@example.com")["Location"] == "/account/confirm-email/"
    assert [message.to for message in mail.outbox] == [["new@example.com"]]
    browser.log_in("new@example.com")
    assert not browser.is_logged_in, "the email is not proved"

    assert browser.submit(link_in(last_mail()))["Location"] == LOGIN
    assert browser.log_in("new@example.com")["Location"] == HOME
    assert "new@example.com" in browser.open(HOME).content.decode()
    assert browser.submit("/account/logout/")["Location"] == LOGIN
    assert not browser.is_logged_in


def test_whoever_comes_alone_gets_an_organization_of_their_own_once(browser: Browser) -> None:
    signed_up(browser)
    person = User.objects.get(email="new@example.com")
    assert organizations_of(person.id) == []
    for _ in range(2):
        browser.log_in(person.email)
        browser.submit("/account/logout/")
    (org,) = organizations_of(person.id)
    place = place_of(Caller(person.id, person.email), org=org)
    assert place is not None
    assert (place.org_name, place.org_role) == ("new's organization", "OWNER")
    browser.log_in(person.email)
    page = browser.open(HOME).content.decode()
    assert org in page
    assert "Owner" in page


def test_passwords_are_kept_as_argon2id(browser: Browser) -> None:
    browser.sign_up("new@example.com")
    kept = User.objects.get().password
    assert identify_hasher(kept).algorithm == "argon2"
    assert "$argon2id$" in kept


@pytest.mark.parametrize("password", ["short", "password1234", "new@example.com"])
def test_a_weak_password_is_refused(browser: Browser, password: str) -> None:
    assert browser.sign_up("new@example.com", password).status_code == 200
    assert not User.objects.exists()


@pytest.mark.parametrize("spelling", ["ADA@EXAMPLE.COM", "Ada@example.com", f"ada@{WIDE_E}xample.com"])
def test_emails_that_differ_by_case_or_unicode_are_one_account(browser: Browser, ada: NewOwner, spelling: str) -> None:
    assert browser.sign_up(spelling)["Location"] == "/account/confirm-email/"
    assert browser.submit(RESET, email=spelling)["Location"] == "/account/password/reset/done/"
    assert [message.to for message in mail.outbox] == [[ada.person.email]] * 2
    assert [message.subject for message in mail.outbox] == ["You have an account already", "Set a new password"]
    assert User.objects.count() == 1
    assert browser.log_in(spelling)["Location"] == HOME


def test_where_sign_up_is_turned_off_nobody_signs_up(browser: Browser, settings: Any) -> None:
    settings.SIGN_UP = False
    assert "password1" not in browser.open(SIGN_UP).content.decode()
    browser.open(LOGIN)
    token = browser.client.cookies["csrf"].value
    fields = {"email": "new@example.com", "password1": PASSWORD, "csrfmiddlewaretoken": token}
    assert "closed" in browser.client.post(SIGN_UP, fields).content.decode().lower()
    assert not User.objects.exists()
    assert mail.outbox == []


def invitation_from(owner: NewOwner, valid_for: timedelta) -> str:
    """Returns the path of an invitation's link."""
    with org_tx(owner.project.org_id):
        invitation = Invitation.objects.create(
            org_id=owner.project.org_id,
            email="new@example.com",
            role=Role.READER,
            invited_by=owner.person,
            expires_at=timezone.now() + valid_for,
        )
    return f"/account/invitations/{token_of(invitation)}/"


def test_where_sign_up_is_turned_off_who_was_invited_signs_up_and_gets_no_organization(
    browser: Browser, ada: NewOwner, settings: Any
) -> None:
    settings.SIGN_UP = False
    path = invitation_from(ada, timedelta(days=1))
    browser.open(path)
    assert "use the email that was invited" in browser.sign_up("another@example.com").content.decode()
    signed_up(browser)
    assert browser.log_in("new@example.com")["Location"] == path
    assert organizations_of(User.objects.get(email="new@example.com").id) == []


def test_who_was_invited_gets_no_organization_of_their_own(browser: Browser, ada: NewOwner) -> None:
    browser.open(invitation_from(ada, timedelta(days=1)))
    signed_up(browser)
    browser.log_in("new@example.com")
    assert organizations_of(User.objects.get(email="new@example.com").id) == []


def test_an_invitation_that_has_expired_opens_no_sign_up(browser: Browser, ada: NewOwner, settings: Any) -> None:
    settings.SIGN_UP = False
    path = invitation_from(ada, timedelta(days=1))
    browser.open(path)
    with org_tx(ada.project.org_id):
        Invitation.objects.update(expires_at=timezone.now())
    assert "password1" not in browser.open(SIGN_UP).content.decode()


def test_a_claim_that_was_never_proved_keeps_nobody_from_signing_up(ada: NewOwner) -> None:
    claimer = Browser()
    claimer.log_in(ada.person.email)
    claimer.confirm_password()
    claimer.submit("/account/email/", action_add="", email="new@example.com")
    claim = last_mail()
    cache.clear()  # Some minutes later: an address gets a mail every three.
    signed_up(Browser("192.0.2.1"))
    assert "expired or is invalid" in claimer.open(link_in(claim)).content.decode()
    assert User.objects.get(email="new@example.com").id != ada.person.id
    assert User.objects.get(id=ada.person.id).email == "ada@example.com"
