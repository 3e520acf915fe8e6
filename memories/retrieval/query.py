"""What a search looks for."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from memories.embedding.base import Vectors
from memories.retrieval.clues import Clue


@dataclass(frozen=True)
class Query:
    """What is looked for. `vector` is None when the embedder is down: the other legs then answer without it.

    `entities` (`user:alex`) are those whose attributes the query may ask for, `clues` what it says beside its words.
    `enough` is the share of its information that lets a memory pass every threshold.
    """

    text: str
    vector: Vectors | None
    model: str
    entities: Collection[str] = ()
    clues: Sequence[Clue] = ()
    enough: float = math.inf
