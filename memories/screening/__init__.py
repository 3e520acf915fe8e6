"""What every text goes through before it is kept: suspect things are marked, and some of them taken out.

Patterns, not understanding (docs/memory-safety.md says what that is worth). Every detector runs in linear time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from memories.screening.content import has_encoded, has_url
from memories.screening.credentials import SECRET, redact_secrets
from memories.screening.hidden import strip_hidden
from memories.screening.instructions import instructs
from memories.screening.personal import PERSONAL, redact_personal


class Flag(StrEnum):
    """What is suspect about a text, by the names of the wire."""

    INSTRUCTION = "instruction"
    """It reads as if it told an assistant what to do."""
    URL = "url"
    INVISIBLE = "invisible"
    """It held characters that nobody sees; they are gone."""
    ENCODED = "encoded"
    SECRET = "secret"  # noqa: S105 - the name of a flag
    """It held a key, token, password or card number; `[secret]` stands in its place."""
    PII = "pii"
    """It held personal identifiers; `[email]`, `[phone]`, `[id]`, `[iban]` or `[address]` stand in their place."""


@dataclass(frozen=True)
class Screened:
    """A text as it may be kept, and what was found in it."""

    text: str
    flags: tuple[Flag, ...] = ()


def screen(text: str, *, redact_pii: bool = False) -> Screened:
    """Returns the text without hidden characters and secrets, and with `redact_pii` without personal identifiers.

    Screening what was screened changes nothing.
    """
    clean = redact(text, redact_pii=redact_pii)
    is_found = {
        Flag.INSTRUCTION: instructs(clean),
        Flag.URL: has_url(clean),
        Flag.INVISIBLE: strip_hidden(text) != text,
        Flag.ENCODED: has_encoded(clean),
        Flag.SECRET: SECRET in clean,
        Flag.PII: redact_pii and any(marker in clean for marker in PERSONAL),
    }
    return Screened(clean, tuple(flag for flag, is_there in is_found.items() if is_there))


def screen_message(text: str, *, redact_pii: bool = False) -> Screened:
    """Returns a message as it may be kept, with what its text no longer shows: its memories are marked with it."""
    return Screened(redact(text, redact_pii=redact_pii), (Flag.INVISIBLE,) if strip_hidden(text) != text else ())


def redact(text: str, *, redact_pii: bool = False) -> str:
    """Returns the text as `screen` does, for what bears no flags of its own: values, topics, relations."""
    clean = redact_secrets(strip_hidden(text))
    return redact_personal(clean) if redact_pii else clean


def joined(*flags: Iterable[str]) -> tuple[str, ...]:
    """Returns all these flags, each once, in the order of `Flag`."""
    found = {flag for some in flags for flag in some}
    return tuple(flag for flag in Flag if flag in found)
