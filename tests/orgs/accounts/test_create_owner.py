"""`manage.py create_owner`: an operator makes an owner."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from orgs.accounts.people import NewOwner
from orgs.models import User
from orgs.queries import Caller, caller_of, organizations_of
from tests.orgs.accounts.browser import HOME, PASSWORD, Browser


def run(monkeypatch: pytest.MonkeyPatch, password: str = PASSWORD, **options: Any) -> dict[str, str]:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    out = io.StringIO()
    call_command("create_owner", password_stdin=True, stdout=out, **options)
    return dict(line.rsplit(maxsplit=1) for line in out.getvalue().splitlines())


def test_the_owner_can_log_in_at_once_and_the_key_works(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    said = run(monkeypatch, email="Bea@Example.com", organization="Bridges")
    assert said["email"] == "bea@example.com"
    caller = caller_of(said["API key"])
    assert isinstance(caller, Caller)
    assert (caller.here.org_public_id, caller.here.project_public_id) == (said["organization"], said["project"])
    assert caller.here.org_name == "Bridges"
    assert browser.log_in("bea@example.com")["Location"] == HOME
    assert organizations_of(User.objects.get().id) == [said["organization"]]


@pytest.mark.parametrize(
    ("email", "password", "sentence"),
    [
        ("ADA@example.com", PASSWORD, "ada@example.com has an account already."),
        ("nobody", PASSWORD, "Enter a valid email address."),
        ("bea@example.com", "short", "This password is too short."),
        ("bea@example.com", "", "This password is too short."),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    ada: NewOwner, monkeypatch: pytest.MonkeyPatch, email: str, password: str, sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(monkeypatch, password, email=email)
    assert User.objects.count() == 1


def test_a_password_is_asked_for_twice(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([PASSWORD, "a slip of the finger"])
    monkeypatch.setattr("orgs.management.commands.create_owner.getpass", lambda _prompt: next(answers))
    with pytest.raises(CommandError, match="differ"):
        call_command("create_owner", email="bea@example.com")
    assert not User.objects.exists()
