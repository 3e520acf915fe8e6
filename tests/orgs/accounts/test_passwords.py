"""Resetting and changing a password, and what ends with it."""

from allauth.account.models import EmailAddress
from django.core import mail

from orgs.accounts.people import NewOwner
from orgs.models import User
from tests.orgs.accounts.browser import HOME, RESET, Browser, last_mail, link_in

NEW = "another way to tipperary"


def reset_form(browser: Browser, email: str) -> str:
    """Asks for a reset and opens the mailed link; returns the address of the form behind it."""
    browser.submit(RESET, email=email)
    return browser.open(link_in(last_mail()))["Location"]


def test_a_mailed_link_sets_a_new_password_once(browser: Browser, ada: NewOwner) -> None:
    form = reset_form(browser, ada.person.email)
    link = link_in(last_mail())
    browser.submit(form, password1=NEW, password2=NEW)
    assert not browser.is_logged_in
    assert browser.log_in(ada.person.email, NEW)["Location"] == HOME
    assert "Bad Token" in Browser().open(link).content.decode()
    assert last_mail().subject == "Password Reset"


def test_a_reset_ends_every_session(ada: NewOwner) -> None:
    elsewhere = Browser()
    elsewhere.log_in(ada.person.email)
    assert elsewhere.is_logged_in
    browser = Browser()
    browser.submit(reset_form(browser, ada.person.email), password1=NEW, password2=NEW)
    assert not elsewhere.is_logged_in


def test_a_change_ends_the_other_sessions_and_tells_the_person(ada: NewOwner) -> None:
    here, elsewhere = Browser(), Browser()
    for browser in (here, elsewhere):
        browser.log_in(ada.person.email)
    here.submit("/account/password/change/", oldpassword="a long way to tipperary", password1=NEW, password2=NEW)
    assert here.is_logged_in
    assert not elsewhere.is_logged_in
    assert [(message.to, message.subject) for message in mail.outbox] == [(["ada@example.com"], "Password Changed")]


def test_a_change_needs_the_old_password(browser: Browser, ada: NewOwner) -> None:
    browser.log_in(ada.person.email)
    browser.submit("/account/password/change/", oldpassword="a guess", password1=NEW, password2=NEW)
    assert not User.objects.get(id=ada.person.id).check_password(NEW)


def test_a_reset_is_mailed_to_the_accounts_spelling_and_never_to_another(browser: Browser, ada: NewOwner) -> None:
    # An address that is another's mailbox, and the same only when Unicode is folded.
    User.objects.filter(id=ada.person.id).update(email="ada@strasse.example")
    EmailAddress.objects.filter(user=ada.person).update(email="ada@strasse.example")
    browser.submit(RESET, email="ada@straße.example")
    assert [message.to for message in mail.outbox] == [["ada@strasse.example"]]


def test_a_reset_for_an_email_that_somebody_only_wants_leads_to_no_account(browser: Browser, ada: NewOwner) -> None:
    browser.log_in(ada.person.email)
    browser.confirm_password()
    browser.submit("/account/email/", action_add="", email="bea@example.com")
    Browser().submit(RESET, email="bea@example.com")
    assert last_mail().subject == "There is no account with your email address"


def test_changing_the_email_takes_effect_when_the_new_one_is_proved(browser: Browser, ada: NewOwner) -> None:
    browser.log_in(ada.person.email)
    browser.confirm_password()
    browser.submit("/account/email/", action_add="", email="BEA@example.com")
    link = link_in(last_mail())
    other = Browser()
    other.log_in("bea@example.com")
    assert not other.is_logged_in
    browser.submit(link)
    assert User.objects.get(id=ada.person.id).email == "bea@example.com"
    assert last_mail().to == ["ada@example.com"]
    assert Browser().log_in("ada@example.com").status_code == 200
    assert Browser().log_in("bea@example.com")["Location"] == HOME
