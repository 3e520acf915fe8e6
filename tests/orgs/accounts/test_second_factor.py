"""One-time passwords and recovery codes."""

import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.management import call_command

from loci import crypto
from loci.crypto import UnreadableSecretError
from orgs.accounts.mfa import CONTEXT
from orgs.accounts.people import NewOwner
from tests.orgs.accounts.browser import HOME, Browser

ACTIVATE = "/account/2fa/totp/activate/"
CODE = "/account/2fa/authenticate/"


def one_time_password(seed: str, steps_ahead: int = 0) -> str:
    """Returns what an authenticator app shows, or will show (RFC 6238)."""
    return format_hotp_value(hotp_value(seed, int(time.time()) // 30 + steps_ahead))


def enrol(browser: Browser, email: str) -> str:
    """Turns the second factor on; returns its seed."""
    browser.log_in(email)
    browser.confirm_password()
    page = browser.open(ACTIVATE).content.decode()
    (seed,) = re.findall(r'id="authenticator_secret"[^>]* value="(\w+)"', page)
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[0]
    assert 'src="data:image/svg' in page
    browser.client.post(ACTIVATE, {"code": one_time_password(seed), "csrfmiddlewaretoken": token})
    return str(seed)


@pytest.fixture
def seed(browser: Browser, ada: NewOwner) -> str:
    return enrol(browser, ada.person.email)


def recovery_codes(browser: Browser) -> list[str]:
    return re.findall(
        r"^(\d{8})$", browser.open("/account/2fa/recovery-codes/download/").content.decode(), re.MULTILINE
    )


def test_a_login_asks_for_the_one_time_password(ada: NewOwner, seed: str) -> None:
    other = Browser()
    assert other.log_in(ada.person.email)["Location"] == CODE
    assert not other.is_logged_in
    assert other.submit(CODE, code="000000").status_code == 200
    assert not other.is_logged_in
    assert other.submit(CODE, code=one_time_password(seed, 1))["Location"] == HOME
    assert other.is_logged_in


def test_a_one_time_password_works_once(ada: NewOwner, seed: str) -> None:
    code = one_time_password(seed, 1)
    for is_first in (True, False):
        other = Browser()
        other.log_in(ada.person.email)
        other.submit(CODE, code=code)
        assert other.is_logged_in == is_first


def test_a_recovery_code_works_once(browser: Browser, ada: NewOwner, seed: str) -> None:
    codes = recovery_codes(browser)
    assert len(codes) == 10
    for code, works in [(codes[0], True), (codes[0], False), (codes[1], True)]:
        other = Browser()
        other.log_in(ada.person.email)
        other.submit(CODE, code=code)
        assert other.is_logged_in == works


def test_the_database_holds_no_seed_that_can_be_read(browser: Browser, seed: str) -> None:
    codes = recovery_codes(browser)
    kept = str([authenticator.data for authenticator in Authenticator.objects.all()])
    assert seed not in kept
    assert not any(code in kept for code in codes)
    totp = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    assert crypto.decrypt(totp.data["secret"], CONTEXT) == seed
    assert seed not in str(dict(browser.client.session))


def test_a_new_master_key_takes_over_and_the_old_one_can_go(ada: NewOwner, seed: str, settings: Any) -> None:
    settings.MASTER_KEY, settings.MASTER_KEY_OLD = "the next master key", settings.MASTER_KEY
    call_command("rotate_secrets")
    settings.MASTER_KEY_OLD = ""
    other = Browser()
    other.log_in(ada.person.email)
    assert other.submit(CODE, code=one_time_password(seed, 1))["Location"] == HOME


def test_rotating_again_changes_nothing(seed: str, settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.MASTER_KEY, settings.MASTER_KEY_OLD = "the next master key", settings.MASTER_KEY
    call_command("rotate_secrets")
    call_command("rotate_secrets")
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("second")] == [
        "second factors: 2 renewed",
        "second factors: 0 renewed",
    ]


def test_without_the_master_key_a_seed_is_lost(seed: str, settings: Any) -> None:
    settings.MASTER_KEY = "another master key"
    totp = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    with pytest.raises(UnreadableSecretError):
        crypto.decrypt(totp.data["secret"], CONTEXT)
