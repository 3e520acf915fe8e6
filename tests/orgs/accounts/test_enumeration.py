"""Nobody learns who has an account: answers, mails and work are the same for known and unknown emails."""

from dataclasses import dataclass

import pytest
from django.core import mail

from orgs.accounts.people import NewOwner, create_person
from orgs.models import User
from tests.orgs.accounts.browser import PASSWORD, RESET, Browser, last_mail, link_in, text_of


@dataclass(frozen=True)
class Told:
    """What somebody outside can see of an answer, and how often a password was hashed for it."""

    status: int
    location: str
    text: str
    mails: int
    hashes: int


@pytest.fixture(params=["log in", "reset", "sign up"])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def told(form: str, email: str, hashed: list[str]) -> Told:
    browser, before, hashes = Browser(), len(mail.outbox), len(hashed)
    if form == "log in":
        response = browser.log_in(email, "not the password at all")
    elif form == "reset":
        response = browser.submit(RESET, email=email)
    else:
        response = browser.sign_up(email, "not the password at all")
    following = browser.open(response["Location"]) if "Location" in response else response
    text = (text_of(response) + text_of(following)).replace(email, "<email>")
    return Told(
        response.status_code, response.get("Location", ""), text, len(mail.outbox) - before, len(hashed) - hashes
    )


def test_known_and_unknown_emails_are_answered_alike(ada: NewOwner, hashed: list[str], form: str) -> None:
    known = told(form, ada.person.email, hashed)
    unknown = told(form, "who@example.com", hashed)
    assert known == unknown
    assert known.hashes == (0 if form == "reset" else 1)
    assert known.mails == (0 if form == "log in" else 1)


def test_a_new_email_is_answered_alike_whether_it_is_taken_or_free(ada: NewOwner) -> None:
    create_person(email="bea@example.com", password=PASSWORD)
    browser = Browser()
    browser.log_in("bea@example.com")
    browser.confirm_password()
    answers = []
    for email in (ada.person.email, "who@example.com"):
        browser.submit("/account/email/", action_add="", email=email)
        answers.append(text_of(browser.open("/account/email/")).replace(email, "<email>"))
    assert answers[0] == answers[1]
    assert [message.to for message in mail.outbox] == [[ada.person.email], ["who@example.com"]]


def test_an_email_that_is_another_accounts_by_now_cannot_be_taken_over(ada: NewOwner) -> None:
    bea = create_person(email="bea@example.com", password=PASSWORD)
    browser = Browser()
    browser.log_in(bea.email)
    browser.confirm_password()
    browser.submit("/account/email/", action_add="", email="cy@example.com")
    link = link_in(last_mail())
    User.objects.create_user("cy@example.com")
    assert browser.submit(link).status_code == 302
    assert "Unable to confirm" in browser.open("/account/email/").content.decode()
    bea.refresh_from_db()
    assert bea.email == "bea@example.com"
