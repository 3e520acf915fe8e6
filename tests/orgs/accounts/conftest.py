"""Browsers, and what they need to be somebody."""

import pytest
from django.contrib.auth import hashers

from orgs.accounts.people import NewOwner, create_owner
from tests.orgs.accounts.browser import PASSWORD, Browser


@pytest.fixture
def browser(database: None) -> Browser:
    return Browser()


@pytest.fixture
def ada(database: None) -> NewOwner:
    """Somebody who has an account and an organization."""
    return create_owner(email="ada@example.com", password=PASSWORD, organization="Engines")


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were hashed: what costs time, and would tell who has an account."""
    seen: list[str] = []
    original = hashers.Argon2PasswordHasher.encode
    check = hashers.Argon2PasswordHasher.verify

    def encode(self: hashers.Argon2PasswordHasher, password: str, salt: str) -> str:
        seen.append(password)
        return original(self, password, salt)

    def verify(self: hashers.Argon2PasswordHasher, password: str, encoded: str) -> bool:
        seen.append(password)
        return check(self, password, encoded)

    monkeypatch.setattr(hashers.Argon2PasswordHasher, "encode", encode)
    monkeypatch.setattr(hashers.Argon2PasswordHasher, "verify", verify)
    return seen
