"""Logistic regression: how likely is it that a clause tells something lasting about its speaker?"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from memories.embedding.base import Vectors


@dataclass(frozen=True)
class Weights:
    """What `tests.extraction.train` learned from the development conversations.

    `signs` weighs the signs of `features.py`, `context.py` and `reading.py`;
    `vector` the clause's embedding by the local embedder.
    """

    bias: float
    signs: dict[str, float]
    vector: NDArray[np.float32]
    keep: float
    """The chance from which a clause is kept."""

    def chances(self, signs: Sequence[frozenset[str]], vectors: Vectors) -> NDArray[np.float64]:
        """Returns for each clause the chance, from 0 to 1, that it is worth keeping."""
        by_signs = [self.bias + sum(self.signs.get(name, 0.0) for name in each) for each in signs]
        scores = np.array(by_signs) + vectors @ self.vector
        chances: NDArray[np.float64] = 1 / (1 + np.exp(-scores))
        return chances


@cache
def learned() -> Weights:
    """Returns the weights of `weights.json`."""
    read = json.loads(resources.files(__package__).joinpath("weights.json").read_text(encoding="utf-8"))
    return Weights(**{**read, "vector": np.array(read["vector"], np.float32)})
