"""Nearest-prototype classification: which category is a fact of?"""

import json
from collections.abc import Mapping, Sequence
from importlib import resources

from memories.embedding.base import Embedder, Vectors

_CATEGORY_FLOOR = 0.25
"""Similarity under which a category is not given; the fact stays without one."""


class PrototypeClassifier:
    """Gives texts the category of the example in `prototypes.json` that lies nearest to them."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def categories_of(self, texts: Sequence[str], categories: Mapping[str, str]) -> list[str | None]:
        """Returns a category for each text, None where nothing is near.

        `categories` are a project's own, name to description; where there are none, the default categories are meant.
        Raises `loci.errors.DependencyError` when the embedder cannot be reached.
        """
        if not texts:
            return []
        names, examples = self._described(categories) if categories else _defaults(self._embedder)
        similarity = self._embedder.embed(texts) @ examples.T
        best = similarity.argmax(axis=1)
        return [names[at] if similarity[row, at] >= _CATEGORY_FLOOR else None for row, at in enumerate(best)]

    def _described(self, categories: Mapping[str, str]) -> tuple[list[str], Vectors]:
        described = [f"{name.replace('_', ' ')}: {description}" for name, description in categories.items()]
        return list(categories), self._embedder.embed(described)


def _defaults(embedder: Embedder) -> tuple[list[str], Vectors]:
    """Returns the examples' categories and vectors, which are computed once for each model in a process."""
    if embedder.model not in _VECTORS:
        _VECTORS[embedder.model] = embedder.embed([text for examples in _PROTOTYPES.values() for text in examples])
    return _NAMES, _VECTORS[embedder.model]


def _load() -> dict[str, list[str]]:
    text = resources.files(__package__).joinpath("prototypes.json").read_text(encoding="utf-8")
    loaded: dict[str, list[str]] = json.loads(text)
    return loaded


_PROTOTYPES = _load()
_NAMES = [category for category, examples in _PROTOTYPES.items() for _ in examples]
_VECTORS: dict[str, Vectors] = {}
