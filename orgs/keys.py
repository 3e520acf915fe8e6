"""The form of API keys: `loci_sk_`, 40 random characters, 6 of checksum (reliability.md §2.1)."""

import hmac
import re
import zlib

from django.conf import settings

from orgs.ids import ALPHABET, random_name

PREFIX = "loci_sk_"
SECRET_LENGTH = 40
CHECKSUM_LENGTH = 6
PATTERN = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{SECRET_LENGTH + CHECKSUM_LENGTH}}}")
"""What secret scanners may look for."""

DEFAULT_SCOPES = ("memories:read", "memories:write", "memories:delete", "entities:delete", "events:read")
"""What a project's ordinary key may do."""


def new_key() -> str:
    """Returns a new key, to be shown once."""
    body = PREFIX + random_name(SECRET_LENGTH)
    return body + _checksum(body)


def is_well_formed(key: str) -> bool:
    """Tells whether `key` has the form and checksum of a key: others need no look at the database."""
    return bool(PATTERN.fullmatch(key)) and hmac.compare_digest(
        key[-CHECKSUM_LENGTH:], _checksum(key[:-CHECKSUM_LENGTH])
    )


def digest(key: str) -> bytes:
    """Returns the HMAC-SHA256 of `key` under the deployment's pepper: 32 bytes, all that is stored of a key."""
    return hmac.digest(settings.KEY_PEPPER.encode(), key.encode(), "sha256")


def display(key: str) -> str:
    """Returns what people may see of a key again: its prefix and last four characters."""
    return f"{PREFIX}…{key[-4:]}"


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(CHECKSUM_LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        digits = ALPHABET[rest] + digits
    return digits
