"""Topics: the people, places, products and works that memories name (design.md §1)."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise

from memories.retrieval.analyzer import COMPOUND
from memories.retrieval.stop_words import STOP_WORDS

MAX_NAMES = 64
MAX_KEY = 200


def topic_key(name: str) -> str:
    """Returns the form by which topics are compared: "Acme Corp." and "ACME corp" are one."""
    return " ".join(_words(name))[:MAX_KEY]


def topic_keys(names: Iterable[str]) -> list[str]:
    """Returns the keys of these topics, each once, without those that hold no word."""
    return list(dict.fromkeys(filter(None, map(topic_key, names))))


def keys_that_may_be_named(texts: Sequence[str]) -> list[str]:
    """Returns the keys of all topics of one or two words that texts may name, the first 64."""
    keys = (key for text in texts for key in _words_and_pairs(_words(text)))
    return list(islice(dict.fromkeys(keys), MAX_NAMES))


def _words(text: str) -> list[str]:
    return COMPOUND.findall(unicodedata.normalize("NFKC", text).casefold())


def _words_and_pairs(words: Sequence[str]) -> Iterator[str]:
    yield from (word for word in words if word not in STOP_WORDS)
    yield from (f"{first} {second}" for first, second in pairwise(words) if first not in STOP_WORDS)
