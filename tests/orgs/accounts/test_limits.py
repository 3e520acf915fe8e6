"""Guessing is slow, whoever guesses, and wherever it is counted."""

import os
import subprocess
import sys
from typing import Any

import pytest

from orgs.accounts.people import NewOwner
from orgs.accounts.rates import RATES
from tests.conftest import Services
from tests.orgs.accounts.browser import HOME, LOGIN, PASSWORD, Browser

TOO_MANY = "Too many failed login attempts"


def guess(browser: Browser, email: str) -> str:
    return browser.log_in(email, "a wrong guess, and another").content.decode()


@pytest.fixture
def rates(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The rates, for a test to lower."""
    lowered = dict(RATES)
    monkeypatch.setattr("orgs.accounts.rates.RATES", lowered)
    return lowered


def test_one_account_is_guessed_at_five_times_from_one_address(ada: NewOwner) -> None:
    answers = [guess(Browser("192.0.2.1"), ada.person.email) for _ in range(6)]
    assert [TOO_MANY in answer for answer in answers] == [False] * 5 + [True]
    refused = Browser("192.0.2.1")
    refused.log_in(ada.person.email)
    assert not refused.is_logged_in, "not even with the right password"


def test_an_ipv6_network_is_one_address(ada: NewOwner) -> None:
    answers = [guess(Browser(f"2001:db8:1:1::{number}"), ada.person.email) for number in range(6)]
    assert [TOO_MANY in answer for answer in answers] == [False] * 5 + [True]


def test_who_guesses_locks_nobody_out_elsewhere(ada: NewOwner) -> None:
    for _ in range(8):
        guess(Browser("192.0.2.1"), ada.person.email)
    assert Browser("198.51.100.1").log_in(ada.person.email)["Location"] == HOME


def test_guesses_from_everywhere_are_limited_too(ada: NewOwner, rates: dict[str, str]) -> None:
    rates["login_failed_everywhere"] = "5/h/key"
    for number in range(3):
        assert Browser(f"198.51.100.{number}").log_in(ada.person.email)["Location"] == HOME
    answers = [guess(Browser(f"192.0.2.{number}"), ada.person.email) for number in range(6)]
    assert [TOO_MANY in answer for answer in answers] == [False] * 5 + [True]


def test_what_one_address_was_refused_does_not_count_everywhere(ada: NewOwner, rates: dict[str, str]) -> None:
    rates["login_failed_everywhere"] = "7/h/key"
    for _ in range(9):
        guess(Browser("192.0.2.1"), ada.person.email)
    assert Browser("198.51.100.1").log_in(ada.person.email)["Location"] == HOME


def test_neither_a_spelling_nor_a_host_of_ones_choice_begins_the_count_anew(ada: NewOwner) -> None:
    spellings = [
        "ada@example.com",
        "ADA@example.com",
        "Ada@Example.com",
        "ada@\N{FULLWIDTH LATIN SMALL LETTER E}xample.com",
        "aDa@example.com",
    ]
    for number, spelling in enumerate(spellings):
        guess(Browser("192.0.2.77", host=f"h{number}.example"), spelling)
    assert TOO_MANY in guess(Browser("192.0.2.77", host="another.example"), ada.person.email)


def test_an_unknown_account_is_limited_alike(database: None) -> None:
    answers = [guess(Browser("192.0.2.1"), "who@example.com") for _ in range(6)]
    assert [TOO_MANY in answer for answer in answers] == [False] * 5 + [True]


def test_one_address_guesses_at_ten_accounts_a_minute(database: None) -> None:
    answers = [guess(Browser("192.0.2.1"), f"who{number}@example.com") for number in range(11)]
    assert [TOO_MANY in answer for answer in answers] == [False] * 10 + [True]


def test_an_address_of_ones_choice_in_a_header_begins_no_count_anew(database: None) -> None:
    for number in range(10):
        guess(Browser("192.0.2.1", x_forwarded_for=f"198.51.100.{number}"), f"who{number}@example.com")
    assert TOO_MANY in guess(Browser("192.0.2.1", x_forwarded_for="198.51.100.77"), "who@example.com")


def test_the_count_is_of_all_processes(ada: NewOwner, services: Services) -> None:
    environment = os.environ | services.environment()
    guessing = [sys.executable, "-m", "tests.orgs.accounts.guessing", ada.person.email]
    subprocess.run(guessing, env=environment, check=True)
    assert TOO_MANY in guess(Browser("192.0.2.77"), ada.person.email)


def test_without_redis_the_limit_holds_and_people_log_in(ada: NewOwner, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    browser = Browser()
    assert browser.log_in(ada.person.email)["Location"] == HOME
    for _ in range(5):
        guess(Browser("192.0.2.1"), ada.person.email)
    assert TOO_MANY in guess(Browser("192.0.2.1"), ada.person.email)


def test_too_many_requests_get_a_page_that_says_so(browser: Browser) -> None:
    page = browser.open(LOGIN)
    token = browser.client.cookies["csrf"].value
    fields = {"login": "", "password": PASSWORD, "csrfmiddlewaretoken": token}
    answers = [browser.client.post(LOGIN, fields) for _ in range(31)]
    assert page.status_code == 200
    assert {answer.status_code for answer in answers[:30]} == {200}
    assert answers[30].status_code == 429
    assert "Too many attempts" in answers[30].content.decode()
