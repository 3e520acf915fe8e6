"""What an embedder promises."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into unit vectors. Vectors of different `model`s are never compared."""

    @property
    def model(self) -> str:
        """Returns the name that is stored with every vector."""
        ...

    @property
    def dimensions(self) -> int:
        """Returns the length of a vector."""
        ...

    def check(self) -> None:
        """Raises `loci.errors.NotNow` where the embedder failed too often to be asked now."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Returns an array of shape (len(texts), dimensions), float32, each row of length 1.

        Raises `loci.errors.DependencyError` when the embedder cannot be reached.
        """
        ...
