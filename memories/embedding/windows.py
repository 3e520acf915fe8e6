"""Texts longer than a model can read: they are embedded in windows, and stand for the mean of these."""

import re
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from memories.embedding.base import Vectors

Window = TypeVar("Window")

PASSAGE_CHARS = 260
"""What a sentence encoder reads best: some 45 words of English."""
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[\u3002\uff01\uff1f])|\n+")


def passages(text: str) -> list[str]:
    """Returns the text cut into passages of whole sentences, as few as keep 260 characters; a long sentence is one."""
    found = [""]
    for sentence in _SENTENCE_END.split(text):
        joined = f"{found[-1]} {sentence}".strip()
        if len(joined) <= PASSAGE_CHARS or not found[-1]:
            found[-1] = joined
        else:
            found.append(sentence.strip())
    return found


def spread(windows: Sequence[Window], most: int) -> list[Window]:
    """Returns all windows of a text, or `most` of them at even distances, the first and the last included.

    More would change the mean of a text little and cost seconds.
    """
    if len(windows) <= most:
        return list(windows)
    return [windows[round(at)] for at in np.linspace(0, len(windows) - 1, most)]


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
