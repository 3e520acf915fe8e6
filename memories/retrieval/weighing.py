"""How hits are put into another order by how much memories are used and what people think of them (design.md §4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from memories.retrieval import decay, opinions
from memories.retrieval.ranking import Hit

POOL_FACTOR, POOL_FLOOR = 3, 50
"""So many times what is asked for is weighed, and never fewer than so many (contract.md §14, Decay)."""


@dataclass(frozen=True)
class Weights:
    """What the hits of a project are weighed by. A project that has neither does not pay for it."""

    decay: bool = False
    feedback: bool = False

    def pool(self, top_k: int) -> int:
        """Returns how many hits to rank, so that one from below can come up into the first `top_k`."""
        return top_k if self == UNWEIGHED else max(POOL_FACTOR * top_k, POOL_FLOOR)


UNWEIGHED = Weights()


def weighed(pool: Sequence[Hit], weights: Weights, now: datetime) -> list[Hit]:
    """Returns the hits of the pool, those first that are best once their scores are multiplied by their factors.

    Where all factors are 1, the order stays. Runs inside the caller's `tenant_tx`, with one statement for each kind of
    weight.
    """
    if weights == UNWEIGHED or not pool:
        return list(pool)
    memories = [hit.memory for hit in pool]
    decays = decay.factors(memories, now) if weights.decay else {}
    judged = opinions.factors(memories) if weights.feedback else {}
    hits = [replace(hit, decay=decays.get(hit.memory.id), feedback=judged.get(hit.memory.id)) for hit in pool]
    likely = zip(_fitted(hit.absolute for hit in hits), hits, strict=True)
    return [hit for _, hit in sorted(likely, key=lambda each: each[0] * each[1].factor, reverse=True)]


def _fitted(scores: Iterable[float]) -> list[float]:
    """Returns the falling scores that are nearest to these (pool adjacent violators).

    The order of a pool knows more than the absolute scores do: those that contradict it are averaged.
    """
    blocks: list[tuple[float, int]] = []
    for score in scores:
        mean, size = score, 1
        while blocks and blocks[-1][0] < mean:
            before, of = blocks.pop()
            mean, size = (before * of + mean * size) / (of + size), of + size
        blocks.append((mean, size))
    return [mean for mean, size in blocks for _ in range(size)]
