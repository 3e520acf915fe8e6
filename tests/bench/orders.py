"""Other orders of the same results, from the raw legs that `score_breakdown` tells: each leg alone, simple fusions.

Only what the product returned is put in another order: at most 1,000 memories, with a threshold of 0. Equal scores are
ordered by id, so that no leg profits from another.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

RRF_K = 60
Hit: TypeAlias = Mapping[str, Any]
Score: TypeAlias = float | None
"""None where a leg does not know the memory."""


def _dense(hits: Sequence[Hit]) -> list[Score]:
    return [hit["score_breakdown"]["semantic"] for hit in hits]


def _lexical(hits: Sequence[Hit]) -> list[Score]:
    return [hit["score_breakdown"]["bm25"] or None for hit in hits]


def _rrf(hits: Sequence[Hit]) -> list[Score]:
    """The sum of 1 / (60 + rank) over the legs that know the memory, equally weighted."""
    legs = [_reciprocal_ranks(hits, leg(hits)) for leg in (_dense, _lexical)]
    return [sum(shares) for shares in zip(*legs, strict=True)]


def _reciprocal_ranks(hits: Sequence[Hit], scores: Sequence[Score]) -> list[float]:
    shares = [0.0] * len(hits)
    for rank, index in enumerate(_order(hits, scores), start=1):
        shares[index] = 1 / (RRF_K + rank) if scores[index] is not None else 0.0
    return shares


def _min_max(hits: Sequence[Hit]) -> list[Score]:
    """The sum of both legs, each stretched to [0, 1]."""
    legs = [_stretched(leg(hits)) for leg in (_dense, _lexical)]
    return [sum(shares) for shares in zip(*legs, strict=True)]


def _stretched(scores: Sequence[Score]) -> list[float]:
    known = [score for score in scores if score is not None]
    low, high = (min(known), max(known)) if len(known) == len(scores) else (0.0, max(known, default=1.0))
    return [0.0 if score is None else (score - low) / ((high - low) or 1.0) for score in scores]


def _order(hits: Sequence[Hit], scores: Sequence[Score]) -> list[int]:
    def key(index: int) -> tuple[bool, float, str]:
        score = scores[index]
        return score is None, -(score or 0.0), hits[index]["id"]

    return sorted(range(len(hits)), key=key)


ORDERS: Mapping[str, Callable[[Sequence[Hit]], list[Score]]] = {
    "dense leg": _dense,
    "BM25 leg": _lexical,
    "RRF, equal weights": _rrf,
    "min-max sum": _min_max,
}


def reordered(name: str, hits: Sequence[Hit]) -> list[Hit]:
    """Returns the hits in the order called `name`, best first."""
    return [hits[index] for index in _order(hits, ORDERS[name](hits))]
