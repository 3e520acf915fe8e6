"""The closed lists of words in `vocabulary.toml`."""

import tomllib
from functools import cache
from importlib import resources


def words(name: str) -> frozenset[str]:
    """Returns a list of `vocabulary.toml`. Raises `KeyError` where there is none of that name."""
    return frozenset(_lists()[name].split())


@cache
def _lists() -> dict[str, str]:
    return tomllib.loads(resources.files(__package__).joinpath("vocabulary.toml").read_text(encoding="utf-8"))
