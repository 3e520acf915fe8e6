"""What nobody needs any more is deleted, in each project several times a day (reliability.md §2.14, docs/operating.md).

Each app registers what it prunes of its own tables. A step that was killed is simply taken again: what is still there
is what is left to do.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from loci.observability import metrics
from loci.tenancy.context import tenant_tx
from workers import jobs
from workers.jobs import Claim

Prune = Callable[[datetime, int], int]
"""Deletes or empties, of the current project, up to so many rows whose time is over at a moment; returns how many.

Fewer were the last.
"""

BATCH = 500
STEP_S = 30.0
"""Whoever runs the job prunes for this long, and leaves the rest to the next step."""


@dataclass(frozen=True)
class _Pruned:
    prune: Prune
    batch: int


_pruned: dict[str, _Pruned] = {}


def on_prune(what: str, prune: Prune, *, batch: int = BATCH) -> None:
    """Registers what else is pruned, `batch` rows in one commit; apps call it in `AppConfig.ready`."""
    _pruned[what] = _Pruned(prune, batch)


def perform_retention(claim: Claim) -> None:
    """Prunes all that is registered, in the order of its registration. Raises `jobs.Unfinished` when more is left."""
    deadline = time.monotonic() + STEP_S
    now = timezone.now()
    for what, registered in _pruned.items():
        while _prune_batch(claim, what, registered, now):
            if time.monotonic() > deadline:
                raise jobs.Unfinished
    with tenant_tx(claim.tenant):
        jobs.finish(claim)


def _prune_batch(claim: Claim, what: str, registered: _Pruned, now: datetime) -> bool:
    """Returns whether there may be more."""
    with tenant_tx(claim.tenant):
        jobs.hold(claim)
        pruned = registered.prune(now, registered.batch)
    if pruned:
        metrics.ROWS_PRUNED.labels(what).inc(pruned)
    return pruned >= registered.batch
