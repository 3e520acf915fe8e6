"""What happens to people's accounts, told to the audit log of each organization that they belong to.

It is noted at most once a minute each, and never in the way of a login (`orgs.audit.note`).
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import BoundedSemaphore, local
from typing import Any

from allauth.account.signals import email_changed, password_changed, password_reset, password_set
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
)
from django.contrib.auth.signals import user_login_failed
from django.core.signals import request_finished
from django.db import connection
from django.dispatch import receiver
from django.http import HttpRequest

from loci.http.addresses import client_address
from orgs import audit
from orgs.audit import Actor
from orgs.models import ActorType, Outcome, User, canonical_email
from orgs.queries import Caller, organizations_of, place_of

MOST_WAITING = 1_000
"""Notes that wait for their turn; beyond, a thread does its own."""


class _Later(local):
    """What is to be done once the request of a thread was answered."""

    def __init__(self) -> None:
        self.todo: list[Callable[[], None]] = []


class _Notes:
    """One thread that does what waited, so that no later request on the same connection waits for it.

    An orderly end of the process waits for the thread.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="notes")
        self._places = BoundedSemaphore(MOST_WAITING)

    def hand_over(self, todo: Sequence[Callable[[], None]]) -> None:
        """Has it all done in the order given, soon."""
        if not self._places.acquire(blocking=False):
            _do(todo)
            return
        done = self._thread.submit(_do, todo)
        done.add_done_callback(lambda _: self._places.release())

    def wait(self) -> None:
        """Waits until everything that was handed over is done."""
        self._thread.submit(lambda: None).result()


_later = _Later()


@cache
def notes() -> _Notes:
    """Returns this process's own."""
    return _Notes()


os.register_at_fork(after_in_child=notes.cache_clear)  # Threads do not survive a fork.


@receiver(user_login_failed)
def note_failed_login(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Notes it after the answer: how long that takes must not tell whether the email has an account."""
    email = canonical_email(str(credentials.get("email") or credentials.get("username") or ""))
    _note_later(email, _address(request))


@receiver(authentication_failed)
def note_failed_factor(user: User, request: HttpRequest, **_: Any) -> None:
    """Notes that somebody who had the password did not have the second factor."""
    _note_later(user.email, _address(request), reason="second_factor")


def note_failed_code(email: str, address: str) -> None:
    """Notes that somebody did not have the code that was mailed to a canonical email."""
    _note_later(email, address, reason="email_code")


@receiver(request_finished)
def do_what_waited(**_: Any) -> None:
    """Hands over what was to wait for the end of the request."""
    todo, _later.todo = _later.todo, []
    if todo:
        notes().hand_over(todo)


def _do(todo: Sequence[Callable[[], None]]) -> None:
    try:
        for do in todo:
            do()
    finally:
        if not connection.in_atomic_block:
            connection.close()


def _note_later(email: str, address: str | None, **details: str) -> None:
    _later.todo.append(lambda: _note_failed_login(email, address, **details))


def _note_failed_login(email: str, address: str | None, **details: str) -> None:
    with audit.in_nobodys_way("login.fail"):
        if person := User.objects.filter(email=email).first():
            _note(person, Actor(ActorType.ANONYMOUS, ip=address), "login.fail", Outcome.DENIED, **details)


@receiver([password_changed, password_set])
def note_password(user: User, request: HttpRequest, **_: Any) -> None:
    """Notes that a person has a new password."""
    _note_change(user, request, "password.change")


@receiver(password_reset)
def note_reset(user: User, request: HttpRequest, **_: Any) -> None:
    """Notes that a password was reset by a mailed link."""
    _note_change(user, request, "password.reset")


@receiver(email_changed)
def note_email(user: User, request: HttpRequest, **_: Any) -> None:
    """Notes that a person has another email."""
    _note_change(user, request, "email.change")


@receiver(authenticator_added)
def note_new_factor(user: User, request: HttpRequest, authenticator: Any, **_: Any) -> None:
    """Notes a new second factor."""
    _note_change(user, request, "second_factor.add", type=authenticator.type)


@receiver(authenticator_removed)
def note_removed_factor(user: User, request: HttpRequest, authenticator: Any, **_: Any) -> None:
    """Notes that a second factor is gone."""
    _note_change(user, request, "second_factor.remove", type=authenticator.type)


@receiver(authenticator_reset)
def note_new_codes(user: User, request: HttpRequest, authenticator: Any, **_: Any) -> None:
    """Notes new recovery codes."""
    _note_change(user, request, "second_factor.renew", type=authenticator.type)


def _note_change(person: User, request: HttpRequest, action: str, **details: str) -> None:
    with audit.in_nobodys_way(action):
        _note(person, Actor(ActorType.PERSON, person.id, ip=_address(request)), action, Outcome.DONE, **details)


def _note(person: User, actor: Actor, action: str, outcome: str, **details: str) -> None:
    caller = Caller(user_id=person.id, user_email=person.email)
    for public_id in organizations_of(person.id):
        if place := place_of(caller, org=public_id):
            audit.note(place.org_id, actor, action, "person", person.id, outcome=outcome, **details)


def _address(request: HttpRequest | None) -> str | None:
    return client_address(request) if request is not None else None
