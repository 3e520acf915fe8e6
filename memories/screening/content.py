"""Addresses and blobs: nothing wrong by themselves, and what poison is often made of."""

import re

_URL = re.compile(
    r"(?<![a-z0-9])(?:(?:https?|hxxps?|ftp|wss?)://\S|www\.[a-z0-9]|data:[a-z]{1,20}/[a-z0-9.+-]{1,60}[;,]|javascript:\S)",
    re.IGNORECASE,
)
_RUN = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{64,}")
"""It is tried where a run begins only, so a text of short ones costs no more than a long one."""
_HEX = re.compile(r"[0-9a-fA-F]+")
MOST_SEPARATORS = 1 / 16
"""More of `-`, `_` and `/` than this are of a path or a slug."""


def has_url(text: str) -> bool:
    """Tells whether the text holds an address of the web, or data in the place of one."""
    return _URL.search(text) is not None


def has_encoded(text: str) -> bool:
    """Tells whether the text holds 64 characters or more of Base64 or hexadecimal."""
    return any(_is_encoded(found[0]) for found in _RUN.finditer(text))


def _is_encoded(run: str) -> bool:
    if _HEX.fullmatch(run):
        return len(set(run.lower())) > 4
    kinds = (str.islower, str.isupper, str.isdigit)
    separators = sum(run.count(sign) for sign in "-_/")
    return separators <= MOST_SEPARATORS * len(run) and all(any(map(kind, run)) for kind in kinds)
