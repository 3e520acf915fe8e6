"""How the absolute score tells the evidence of a question from other memories, and what a threshold would keep."""

from collections.abc import Iterator, Sequence

import numpy as np

from tests.bench.chats import Question
from tests.bench.orders import Hit
from tests.bench.pool import Turns
from tests.bench.ranks import Values
from tests.bench.report import table

THRESHOLDS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
DECILES = range(0, 101, 10)
TOP = 10


def show_calibration(questions: Sequence[Question], results: Sequence[Sequence[Hit]], turns: Turns) -> None:
    """Prints the distribution of `score_breakdown.absolute`, and for each threshold what of it would be left."""
    scores = [np.array([hit["score_breakdown"]["absolute"] for hit in hits]) for hits in results]
    is_gold = [
        np.array([not turns[hit["id"]].isdisjoint(question.turns) for hit in hits], dtype=bool)
        for question, hits in zip(questions, results, strict=True)
    ]
    gold = np.concatenate([each[chosen] for each, chosen in zip(scores, is_gold, strict=True)])
    others = np.concatenate([each[~chosen] for each, chosen in zip(scores, is_gold, strict=True)])
    first = np.concatenate([each[:TOP][~chosen[:TOP]] for each, chosen in zip(scores, is_gold, strict=True)])
    rows = [
        _deciles("gold", gold),
        _deciles(f"others among the first {TOP}", first),
        _deciles("all others that were returned", others),
    ]
    table("Absolute score, deciles", ["", "memories", *(f"{decile} %" for decile in DECILES)], rows)
    heads = ["threshold", "gold kept", "results kept", f"of the first {TOP}", "questions without any"]
    table("Thresholds", heads, list(_kept(questions, scores, gold)))


def _deciles(name: str, scores: Values) -> list[str]:
    return [name, f"{len(scores):,}", *(f"{value:.2f}" for value in np.percentile(scores, DECILES))]


def _kept(questions: Sequence[Question], scores: Sequence[Values], gold: Values) -> Iterator[list[str]]:
    """What counts as kept of the gold is the share of all of it, whether it was returned or not; the rest are means."""
    all_gold = sum(len(question.turns) for question in questions)
    for threshold in THRESHOLDS:
        kept = np.array([np.sum(each >= threshold) for each in scores])
        first = np.array([np.sum(each[:TOP] >= threshold) for each in scores])
        share = np.sum(gold >= threshold) / all_gold
        yield [
            f"{threshold:.2f}",
            f"{share:.3f}",
            f"{kept.mean():.1f}",
            f"{first.mean():.1f}",
            f"{np.sum(kept == 0)}",
        ]
