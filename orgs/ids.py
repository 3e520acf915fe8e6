"""Random public names: ids that appear in URLs and answers, and the secrets of API keys."""

import functools
import secrets
import string
from collections.abc import Callable

ALPHABET = string.digits + string.ascii_letters


def random_name(length: int = 40) -> str:
    """Returns `length` random base62 characters."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def new_public_id(prefix: str) -> str:
    """Returns `<prefix>_` and 40 random characters, as the hosted service's ids look (contract.md §1)."""
    return f"{prefix}_{random_name()}"


def public_id(prefix: str) -> Callable[[], str]:
    """Returns a model field's default that makes ids with `prefix`."""
    return functools.partial(new_public_id, prefix)
