"""Nearest-prototype classification: is a clause a lasting fact about its speaker, and which category is it of?"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from memories.embedding.base import Embedder, Vectors

_NEAREST = 3
"""Prototypes whose mean similarity speaks for a side."""
_UNPLEASANT = "unpleasant"
"""The group of topics that nobody likes: no category, but a sign of irony."""
_CATEGORY_FLOOR = 0.25
"""Similarity under which a category is not given; the fact stays without one."""


@dataclass(frozen=True)
class Judgement:
    """What the classifier thinks of one clause."""

    margin: float
    """How much nearer the clause is to what is kept than to what is dropped; below zero where it is farther."""
    category: str | None
    is_unpleasant: bool = False


class PrototypeClassifier:
    """Judges clauses by the example sentences of `prototypes.json` that lie nearest to them."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def judge(self, clauses: Sequence[str], categories: Mapping[str, str]) -> list[Judgement]:
        """Returns a judgement for each clause, a sentence in the first person.

        `categories` are a project's own, name to description; where there are none, the default categories are meant.
        Raises `loci.errors.DependencyError` when the embedder cannot be reached.
        """
        if not clauses:
            return []
        vectors = self._embedder.embed(clauses)
        prototypes = _prototype_vectors(self._embedder)
        keep = _nearness(vectors, prototypes["keep"])
        drop = _nearness(vectors, prototypes["drop"])
        names = self._category_names(vectors, categories)
        return [
            Judgement(float(kept - dropped), None if name == _UNPLEASANT else name, name == _UNPLEASANT)
            for kept, dropped, name in zip(keep, drop, names, strict=True)
        ]

    def _category_names(self, vectors: Vectors, categories: Mapping[str, str]) -> list[str | None]:
        if categories:
            described = [f"{name.replace('_', ' ')}: {description}" for name, description in categories.items()]
            names, examples = list(categories), self._embedder.embed(described)
        else:
            known = _prototype_vectors(self._embedder)
            names, examples = _DEFAULT_NAMES, np.concatenate([known["keep"], known["topics"]])
        similarity = vectors @ examples.T
        best = similarity.argmax(axis=1)
        return [names[at] if similarity[row, at] >= _CATEGORY_FLOOR else None for row, at in enumerate(best)]


def _prototype_vectors(embedder: Embedder) -> dict[str, Vectors]:
    """Returns the prototypes' vectors, which are computed once for each model in a process."""
    if embedder.model not in _VECTORS:
        _VECTORS[embedder.model] = {
            side: embedder.embed([example for examples in groups.values() for example in examples])
            for side, groups in _PROTOTYPES.items()
        }
    return _VECTORS[embedder.model]


def _nearness(vectors: Vectors, prototypes: Vectors) -> NDArray[np.float32]:
    """Returns for each vector the mean similarity to its nearest prototypes."""
    similarity = np.sort(vectors @ prototypes.T, axis=1)
    nearest: NDArray[np.float32] = similarity[:, -_NEAREST:].mean(axis=1)
    return nearest


def _load() -> dict[str, dict[str, list[str]]]:
    text = resources.files(__package__).joinpath("prototypes.json").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, list[str]]] = json.loads(text)
    return loaded


_PROTOTYPES = _load()
_DEFAULT_NAMES = [
    category for side in ("keep", "topics") for category, examples in _PROTOTYPES[side].items() for _ in examples
]
_VECTORS: dict[str, dict[str, Vectors]] = {}
