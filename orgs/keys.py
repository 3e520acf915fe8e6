"""The form of API keys: `loci_sk_`, 40 random characters, 6 of checksum (reliability.md §2.1)."""

import hashlib
import hmac
import re
import zlib

from django.conf import settings
from django.db.models import TextChoices
from django.utils import timezone

from orgs.ids import ALPHABET, random_name
from orgs.models import ApiKey, KeyKind

SECRET_LENGTH = 40
CHECKSUM_LENGTH = 6
PATTERN = re.compile(rf"loci_({'|'.join(KeyKind.values)})_[0-9A-Za-z]{{{SECRET_LENGTH + CHECKSUM_LENGTH}}}")
"""What secret scanners may look for."""


class KeyState(TextChoices):
    """Whether a key works. One that was rotated is retiring, and works, until its grace is over."""

    ACTIVE = "active"
    RETIRING = "retiring"
    ROTATED = "rotated"
    EXPIRED = "expired"
    REVOKED = "revoked"


def new_key(kind: str = KeyKind.PROJECT) -> str:
    """Returns a new key, to be shown once."""
    body = f"loci_{kind}_{random_name(SECRET_LENGTH)}"
    return body + _checksum(body)


def is_well_formed(key: str) -> bool:
    """Tells whether `key` has the form and checksum of a key: others need no look at the database."""
    return bool(PATTERN.fullmatch(key)) and hmac.compare_digest(
        key[-CHECKSUM_LENGTH:], _checksum(key[:-CHECKSUM_LENGTH])
    )


def digest(key: str) -> bytes:
    """Returns the HMAC-SHA256 of `key` under the deployment's pepper: 32 bytes, all that is stored of a key."""
    return _digest(key, settings.KEY_PEPPER)


def digests(key: str) -> list[bytes]:
    """Returns the digests under which `key` may be stored: under the pepper, and under the one before it, if any."""
    return [_digest(key, pepper) for pepper in (settings.KEY_PEPPER, settings.KEY_PEPPER_OLD) if pepper]


def pepper_id() -> str:
    """Returns the name of the pepper that `digest` uses: 8 characters that do not tell it."""
    return hashlib.sha256(b"the name of " + settings.KEY_PEPPER.encode()).hexdigest()[:8]


def display(key: str) -> str:
    """Returns what people may see of a key again: its prefix and last four characters."""
    return f"{key[: len('loci_sk_')]}…{key[-4:]}"


def state_of(key: ApiKey) -> KeyState:
    """Returns the key's own state now; its maker may lack every role nevertheless."""
    now = timezone.now()
    if key.revoked_at:
        return KeyState.REVOKED
    if key.expires_at and key.expires_at <= now:
        return KeyState.EXPIRED
    if key.grace_until:
        return KeyState.RETIRING if key.grace_until > now else KeyState.ROTATED
    return KeyState.ACTIVE


def _digest(key: str, pepper: str) -> bytes:
    return hmac.digest(pepper.encode(), key.encode(), "sha256")


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(CHECKSUM_LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        digits = ALPHABET[rest] + digits
    return digits
