"""The tables that compare systems by where they found the evidence. The first system is the one that is compared."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from tests.bench.ranks import MEASURES, Places, Ranks, Values, estimate, values
from tests.bench.report import table

Systems: TypeAlias = Mapping[str, Sequence[Ranks]]
LEVELS: Mapping[str, Callable[[Ranks], Places]] = {
    "turns": lambda ranks: ranks.turns,
    "sessions": lambda ranks: ranks.sessions,
}
COMPARED = ("R@5", "R@10", "MRR", "nDCG@10")
BY_TYPE = ("R@10", "MRR")


def show(systems: Systems, types: Sequence[str]) -> None:
    """Prints all measures, the paired differences, and the measures by the questions' types."""
    for level in LEVELS:
        _show_all(systems, level)
    for level in LEVELS:
        _show_differences(systems, level)
    _show_types(systems, np.array(types))


def _show_all(systems: Systems, level: str) -> None:
    rows = [
        [name, *(str(estimate(_values(ranks, level, measure))) for measure in MEASURES)]
        for name, ranks in systems.items()
    ]
    table(f"Evidence found: {level} (mean, 95 % interval)", ["", *MEASURES], rows)


def _show_differences(systems: Systems, level: str) -> None:
    """How much better the first system is, question by question; beside R@10 also as a share of the other's."""
    (first, ours), *others = systems.items()
    rows = []
    for name, theirs in others:
        differences = [
            estimate(_values(ours, level, measure) - _values(theirs, level, measure)).signed() for measure in COMPARED
        ]
        mine, base = (_values(ranks, level, "R@10").mean() for ranks in (ours, theirs))
        rows.append([name, *differences, f"{mine / base - 1:+.1%}" if base else ""])
    heads = [f"{first} minus", *COMPARED, "R@10, relative"]
    table(f"Paired differences: {level} (mean, 95 % interval)", heads, rows)


def _show_types(systems: Systems, types: "np.ndarray[tuple[int], np.dtype[np.str_]]") -> None:
    rows = []
    for kind, count in sorted(Counter(types.tolist()).items()):
        chosen = types == kind
        cells = [
            " / ".join(f"{_values(ranks, 'turns', measure)[chosen].mean():.3f}" for measure in BY_TYPE)
            for ranks in systems.values()
        ]
        rows.append([f"{kind} ({count})", *cells])
    table(f"By type of question: turns, {' / '.join(BY_TYPE)}", ["", *systems], rows)


def _values(ranks: Sequence[Ranks], level: str, measure: str) -> Values:
    return values(MEASURES[measure], [LEVELS[level](each) for each in ranks])
