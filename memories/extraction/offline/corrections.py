"""Corrections: "My interview is on Monday", then "sorry, I meant Tuesday", is an interview on Tuesday."""

import re

from memories.extraction.offline.patterns import PATTERNS

_FRAGMENT = re.compile(
    r"^(?:(?:it|that|this) (?:is|was|should be) |I meant? (?:to say )?|should be |make that )?(?P<what>[^,;:]{1,60})"
)
_MAX_WORDS = 6
_WEEKDAY = r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b"
_MONTH = r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
_KINDS = [
    re.compile(kind, re.IGNORECASE)
    for kind in (
        r"\b[\w\u2024+-]{1,64}@[\w\u2024-]{1,100}",
        _WEEKDAY,
        rf"\b(?:{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?|\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH})\b",
        r"\b\d{1,2}(?::\d\d)? ?(?:am|pm)\b",
        rf"\b{_MONTH}\b",
        r"\b\d{1,6}(?:\u2024\d{1,4})*\b",
        r"\b(?:two|three|four|five|six|seven|eight|nine|ten)\b",
    )
]
"""What may stand in each other's place wherever it stands in a sentence."""


def corrected(said: str, correction: str) -> str | None:
    """Returns a statement with the short correction in it, or None where that is not one ("no wait, I live in Rome").

    A day is put in place of a day, an address of an address, a number of a number; else what a pattern
    would take from the statement is replaced.
    """
    found = _FRAGMENT.match(correction)
    fragment = found["what"].strip() if found else ""
    if not fragment or len(fragment.split()) > _MAX_WORDS or re.search(r"\b(?:I|my)\b", fragment):
        return None
    return _by_kind(said, fragment) or _by_pattern(said, fragment)


def _by_kind(said: str, fragment: str) -> str | None:
    for kind in _KINDS:
        new, old = kind.search(fragment), kind.search(said)
        if new and old:
            return f"{said[: old.start()]}{new[0]}{said[old.end() :]}"
    return None


def _by_pattern(said: str, fragment: str) -> str | None:
    return next((text for pattern in PATTERNS if (text := pattern.corrected(said, fragment))), None)
