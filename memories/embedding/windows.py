"""Texts longer than a model can read: they are embedded in windows, and stand for the mean of these."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from memories.embedding.base import Vectors

Window = TypeVar("Window")

MAX_WINDOWS = 16
"""More windows than this are never embedded for one text: they would change its mean little and cost seconds."""


def spread(windows: Sequence[Window]) -> list[Window]:
    """Returns all windows of a text, or `MAX_WINDOWS` of them at even distances, the first and the last included."""
    if len(windows) <= MAX_WINDOWS:
        return list(windows)
    return [windows[round(at)] for at in np.linspace(0, len(windows) - 1, MAX_WINDOWS)]


def mean_of_windows(vectors: Vectors, owners: NDArray[np.intp]) -> Vectors:
    """Returns the normalized mean of each text's vectors, shape (texts, dimensions).

    `vectors` has one row per window; `owners` names each row's text, numbered from 0 without a gap.
    """
    sums = np.zeros((owners.max(initial=-1) + 1, vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, owners, vectors)
    return normalized(sums)


def normalized(vectors: Vectors) -> Vectors:
    """Returns the rows with length 1; none may be all zeros."""
    lengths: Vectors = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / lengths
