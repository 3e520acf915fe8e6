"""The closed lists of words in `vocabulary.toml`."""

import tomllib
from functools import cache
from importlib import resources
from typing import Any


def words(name: str) -> frozenset[str]:
    """Returns a list of `vocabulary.toml`. Raises `KeyError` where there is none of that name."""
    return frozenset(_lists()[name].split())


def groups(name: str) -> dict[str, str]:
    """Returns a list of groups of `vocabulary.toml` as word to the first word of its group."""
    return {word: line.split()[0] for line in _lists()[name] for word in line.split()}


def pairs(name: str) -> dict[str, str]:
    """Returns a table of `vocabulary.toml`, word to what it stands for."""
    table: dict[str, str] = _lists()[name]
    return table


@cache
def _lists() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("vocabulary.toml").read_text(encoding="utf-8"))
