"""Secrets that must be read again (loci.crypto)."""

from typing import Any

import pytest

from loci.crypto import UnreadableSecretError, decrypt, encrypt, renewed

SECRET = "a seed — of 20 bytes"


@pytest.fixture(autouse=True)
def keys(settings: Any) -> None:
    settings.MASTER_KEY, settings.MASTER_KEY_OLD = "one", ""


def test_a_secret_is_read_again_and_not_seen_in_its_token() -> None:
    token = encrypt(SECRET, "row 1")
    assert decrypt(token, "row 1") == SECRET
    assert token.isascii()
    assert "seed" not in token


def test_the_same_secret_is_another_token_each_time() -> None:
    assert len({encrypt(SECRET, "row 1") for _ in range(100)}) == 100


def test_a_secret_that_was_moved_to_another_place_is_refused() -> None:
    with pytest.raises(UnreadableSecretError):
        decrypt(encrypt(SECRET, "row 1"), "row 2")


def test_every_change_of_a_token_is_noticed() -> None:
    token = encrypt(SECRET, "row 1")
    for place, letter in enumerate(token.rstrip("=")[:-1]):
        changed = token[:place] + ("A" if letter != "A" else "B") + token[place + 1 :]
        with pytest.raises(UnreadableSecretError):
            decrypt(changed, "row 1")


@pytest.mark.parametrize("token", ["", "v1", "v1:0:", "v2:00000000:AAAA", "plain text", "v1:é:é"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(UnreadableSecretError):
        decrypt(token, "row 1")


def test_under_a_new_key_the_old_one_is_still_read_until_renewed(settings: Any) -> None:
    old = encrypt(SECRET, "row 1")
    settings.MASTER_KEY, settings.MASTER_KEY_OLD = "two", "one"
    assert decrypt(old, "row 1") == SECRET
    new = renewed(old, "row 1")
    assert renewed(new, "row 1") == new
    settings.MASTER_KEY_OLD = ""
    assert decrypt(new, "row 1") == SECRET
    with pytest.raises(UnreadableSecretError):
        decrypt(old, "row 1")


def test_a_body_that_is_too_short_is_refused(settings: Any) -> None:
    prefix = encrypt(SECRET, "row 1").rpartition(":")[0]
    for body in ("", "AAAA", "!!!!", "A"):
        with pytest.raises(UnreadableSecretError):
            decrypt(f"{prefix}:{body}", "row 1")
