"""How long work may take, all from one number: `LLM_BUDGET_S` (design.md §5)."""

from dataclasses import dataclass

from django.conf import settings

MAX_CRASHES = 5
"""A job whose claims ended this often without a word is dead: it crashes its worker."""

MAX_SOFT_FAILURES = 15
"""A job whose dependency failed this often is dead; with the back-off that is about two hours."""

MAX_REQUESTS = 12
"""Requests that remote models take, over the whole life of a job or of a step of long work (reliability.md E3)."""


@dataclass(frozen=True)
class Limits:
    """Seconds. Each is longer than the one before, so a lease cannot end while its holder still works."""

    budget: int
    soft: int
    hard: int
    lease: int


def limits(budget: int) -> Limits:
    """Returns the limits of a job that may spend `budget` seconds on a model."""
    margin = max(2, min(15, budget // 4))
    return Limits(budget=budget, soft=budget + margin, hard=budget + 2 * margin, lease=budget + 3 * margin)


_EMBEDDINGS = 3
"""Of an add: one of its messages, and one of the facts of each of its two tries."""
_EMBEDDING_S = 0 if settings.EMBEDDING_PROVIDER == "local" else _EMBEDDINGS * settings.EMBEDDING_BUDGET_S
EXTRACTION = limits(settings.LLM_BUDGET_S + _EMBEDDING_S)
STEP = limits(60)
"""Of long work, which is done in steps."""


def backoff(soft: int) -> float:
    """Returns the seconds to wait after the `soft`-th failure of a dependency, before jitter."""
    return min(600.0, 2.0 * 2**soft)
