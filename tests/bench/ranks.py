"""Where the evidence of a question came in a ranking, and the usual measures of that, with bootstrap intervals."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tests.bench.chats import Question, session_of

RESAMPLES, SEED = 5_000, 1
Ranking: TypeAlias = Sequence[Collection[str]]
"""The turns that each result stands for, best first: equal texts may be one memory."""
Places: TypeAlias = tuple[int | None, ...]
"""The rank of each gold item, from 1; None where it is not in the ranking."""
Values: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Ranks:
    """Where the gold turns of one question came, and where its gold sessions did, by their first turn of any kind."""

    turns: Places
    sessions: Places


def ranks_of(question: Question, ranking: Ranking) -> Ranks:
    """Returns where the evidence of `question` came."""
    turns: dict[str, int] = {}
    sessions: dict[str, int] = {}
    for rank, result in enumerate(ranking, start=1):
        for turn in result:
            turns.setdefault(turn, rank)
            sessions.setdefault(session_of(turn), rank)
    return Ranks(tuple(map(turns.get, question.turns)), tuple(map(sessions.get, question.sessions)))


def recall(places: Places, k: int) -> float:
    """Returns the share of the gold items among the first `k` results."""
    return sum(place is not None and place <= k for place in places) / len(places)


def hit(places: Places, k: int) -> float:
    """Returns 1 when a gold item is among the first `k` results, else 0."""
    return float(recall(places, k) > 0)


def reciprocal(places: Places) -> float:
    """Returns 1 / the rank of the first gold item; 0 where there is none."""
    return 1 / min((place for place in places if place is not None), default=math.inf)


def ndcg(places: Places, k: int = 10) -> float:
    """Returns the discounted gain of the first `k` results over the best possible; gold items that are one memory are
    one.
    """
    found = {place for place in places if place is not None}
    items = len(found) + sum(place is None for place in places)
    best = sum(1 / math.log2(1 + place) for place in range(1, min(items, k) + 1))
    return sum(1 / math.log2(1 + place) for place in found if place <= k) / best


MEASURES: Mapping[str, Callable[[Places], float]] = {
    **{f"R@{k}": partial(recall, k=k) for k in (5, 10, 20, 50)},
    "hit@10": partial(hit, k=10),
    "MRR": reciprocal,
    "nDCG@10": ndcg,
}


@dataclass(frozen=True)
class Estimate:
    """A mean over questions, and the middle 95 % of its bootstrap."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} ({self.low:.2f}, {self.high:.2f})"

    def signed(self) -> str:
        """Returns it as a difference."""
        return f"{self.mean:+.3f} ({self.low:+.3f}, {self.high:+.3f})"


def values(measure: Callable[[Places], float], all_places: Sequence[Places]) -> Values:
    """Returns the measure of each question."""
    return np.array([measure(places) for places in all_places])


def estimate(each: Values) -> Estimate:
    """Returns the mean with its interval; the same questions are drawn for every system, so differences are paired."""
    drawn = np.random.default_rng(SEED).integers(len(each), size=(RESAMPLES, len(each)))
    low, high = np.percentile(each[drawn].mean(axis=1), [2.5, 97.5])
    return Estimate(float(each.mean()), float(low), float(high))
