"""Codes of six digits that are mailed: who knows one has the mailbox.

They are kept in the cache of all processes as HMACs, under the HMAC of the email. Wrong tries are counted by rows that
can be added once only, so that no two requests at the same time count as one.
"""

import hmac
import secrets

from django.core.cache import cache
from django.utils.crypto import salted_hmac

LIVES_MINUTES = 10
TRIES = 5

_LIVES_S = LIVES_MINUTES * 60


def new_code(email: str) -> str:
    """Returns a new code for a canonical email. The one before it is worth nothing any more."""
    code, serial = f"{secrets.randbelow(10**6):06}", secrets.token_hex(8)
    cache.set(_place(email), (serial, _digest(serial, code)), _LIVES_S)
    return code


def take_code(email: str, code: str) -> bool:
    """Tells whether `code` is the email's newest one; each call is a try, and the right code is right once."""
    serial, digest = cache.get(_place(email)) or ("", "")
    if not serial or not _is_free(serial, "try", TRIES):
        return False
    return hmac.compare_digest(digest, _digest(serial, code)) and _is_free(serial, "use", 1)


def _is_free(serial: str, what: str, times: int) -> bool:
    """Takes the next of so many places, if one is left."""
    return any(cache.add(f"email-code:{serial}:{what}:{number}", True, _LIVES_S) for number in range(times))


def _place(email: str) -> str:
    return f"email-code:{salted_hmac('orgs.email_codes.email', email, algorithm='sha256').hexdigest()}"


def _digest(serial: str, code: str) -> str:
    return salted_hmac("orgs.email_codes.code", f"{serial} {code}", algorithm="sha256").hexdigest()
