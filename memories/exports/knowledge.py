"""What is known, and what of it fits a field of a schema: by attribute keys, categories and meaning.

Everything here is the same at each time: the bundled embedder compares, whatever else is set up.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from memories.embedding import local_embedder
from memories.embedding.base import Vectors
from memories.models import Attribute, Memory
from memories.retrieval import analyzer
from memories.retrieval.attributes import asked
from memories.scope import SCOPED

FITS = 0.29
"""The cosine at which a memory is about what a list is called, and `FITS_BEST` at which the nearest one answers a
single field. By the bundled model, beneath that unrelated things are as near as related ones."""
FITS_BEST = 0.36

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")


def words_of(name: str) -> str:
    """Returns the name of a field in words: `homeTown` and `home_town` are "home town"."""
    return " ".join(_WORD.findall(name)).lower()


@dataclass(frozen=True)
class Label:
    """What a schema says that a field is: its own name, those of what it is within, and its description."""

    name: str
    within: tuple[str, ...] = ()
    description: str = ""

    def of(self, name: str, description: str = "") -> "Label":
        """Returns the label of a field within this one."""
        return Label(name, (*self.within, self.name) if self.name else self.within, description)

    @property
    def words(self) -> str:
        """Returns the name in words."""
        return words_of(self.name)

    @property
    def meaning(self) -> str:
        """Returns what is compared with memories."""
        return f"{self.words}. {self.description}".strip(". ")


@dataclass(frozen=True)
class Known:
    """A memory as a mapping sees it, with the attributes that it supports."""

    text: str
    categories: tuple[str, ...]
    topics: tuple[str, ...]
    columns: dict[str, Any]
    created_at: datetime
    event_time: datetime | None
    attributes: tuple[tuple[str, str], ...] = ()
    vector: Any = field(default=None, compare=False)


def known(memories: Iterable[Memory], attributes: Iterable[Attribute]) -> list[Known]:
    """Returns what is known by these memories, in their order."""
    supported: dict[Any, list[tuple[str, str]]] = {}
    for attribute in attributes:
        if attribute.value:
            supported.setdefault(attribute.memory_id, []).append((attribute.key, attribute.value))
    model = local_embedder().model
    return [
        Known(
            memory.text,
            tuple(memory.categories or ()),
            tuple(memory.topics),
            {name: getattr(memory, name) for name in SCOPED},
            memory.created_at,
            memory.event_time,
            tuple(supported.get(memory.id, ())),
            np.array(memory.embedding, np.float32) if memory.embedding_model == model else None,
        )
        for memory in memories
    ]


class Knowledge:
    """All that is known, the newest first, and what of it fits the fields with these labels."""

    def __init__(self, memories: Sequence[Known], labels: Collection[Label]) -> None:
        self.memories = list(memories)
        self._meanings = sorted({label.meaning for label in labels})

    def attribute(self, label: Label, among: Sequence[Known] | None = None) -> str | None:
        """Returns the newest value of an attribute that is what the field is called; None where there is none."""
        wanted = _keys(label)
        found = [
            (_nearness(key, label, wanted), -position, value)
            for position, memory in enumerate(self.memories if among is None else among)
            for key, value in memory.attributes
        ]
        best = max((each for each in found if each[0]), default=None)
        return best[2] if best else None

    def attributes_beneath(self, label: Label) -> dict[str, str]:
        """Returns the attributes beneath the key that the field is called: of `preference`, `cheese` with its value."""
        stems = _stems(label.words)
        found: dict[str, str] = {}
        for memory in self.memories:
            for key, value in memory.attributes:
                first, _, rest = key.partition(".")
                if rest and _stems(words_of(first)) == stems:
                    found.setdefault(rest, value)
        return found

    def about(self, label: Label) -> list[Known]:
        """Returns the memories that are about what the field is called, the newest first."""
        stems = _stems(label.words)
        if not stems or not self.memories:
            return []
        near = self._cosines(label) >= FITS
        return [memory for memory, fits in zip(self.memories, near, strict=True) if fits or _is_of(memory, stems)]

    def nearest(self, label: Label, *, without_attributes: bool = False) -> Known | None:
        """Returns the memory that is nearest to what the field means, if any is near enough.

        One that supports attributes is about these: where none of them is called so, it may be no answer.
        """
        if not label.words or not self.memories:
            return None
        is_open = [not (without_attributes and memory.attributes) for memory in self.memories]
        cosines = np.where(is_open, self._cosines(label), -1)
        best = int(np.argmax(cosines))
        return self.memories[best] if cosines[best] >= FITS_BEST else None

    def _cosines(self, label: Label) -> Vectors:
        return self._vectors @ self._by_meaning[label.meaning]

    @cached_property
    def _by_meaning(self) -> dict[str, Vectors]:
        return dict(zip(self._meanings, local_embedder().embed(self._meanings), strict=True))

    @cached_property
    def _vectors(self) -> Vectors:
        missing = [memory.text for memory in self.memories if memory.vector is None]
        made = iter(local_embedder().embed(missing) if missing else ())
        return np.array([next(made) if memory.vector is None else memory.vector for memory in self.memories])


@lru_cache(maxsize=4096)
def _stems(text: str) -> frozenset[str]:
    return frozenset(analyzer.terms(text))


@lru_cache(maxsize=1024)
def _keys(label: Label) -> tuple[str, ...]:
    """The well-known keys that somebody asks for who asks for the field: `city` is `location`."""
    return tuple(ask.key for ask in asked(f"What is the user's {label.words}?") if not ask.says)


def _nearness(key: str, label: Label, wanted: Collection[str]) -> int:
    """How well an attribute's key is what the field is called; 0 is not at all."""
    own, whole = _stems(label.words), _stems(words_of(" ".join((*label.within, label.name))))
    stems = _stems(words_of(key))
    if not own:
        return 0
    if stems == own:
        return 4
    if own < stems <= whole:
        return 3
    if key in wanted:
        return 2
    beneath = any(key.startswith(f"{each}.") and _stems(words_of(key[len(each) :])) <= own for each in wanted)
    return int(beneath or _stems(words_of(key.rpartition(".")[2])) == own)


def _is_of(memory: Known, stems: frozenset[str]) -> bool:
    """Whether one of its categories is what the field is called, or a part of that."""
    categories = [_stems(words_of(category)) for category in memory.categories]
    return any(category and (category <= stems or stems <= category) for category in categories)
