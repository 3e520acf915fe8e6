"""Memories that are used stay in reach, and those that are not recede (contract.md §14, Decay).

How present a memory is follows the base-level activation of ACT-R: each use leaves a trace that fades as a power of its
age, and the traces add up. J. R. Anderson and L. J. Schooler ("Reflections of the Environment in Memory", Psychological
Science 2(6), 1991) found that things come to be needed again just so: recency and frequency work together, and what was
used often is forgotten slowly. Uses are the last accesses, and the last change of the memory itself, so that one that
nobody has read yet is as present as it is new.
"""

import math
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from loci.tenancy.context import current_project_id
from memories.models import Memory

LEAST, MOST = 0.3, 1.5
"""Between these lies what a score is multiplied by."""
FADING = 0.5
"""The exponent by which a trace fades with its age, ACT-R's usual one."""
DAY = timedelta(days=1)
"""The unit of ages, and the least of them: what was read a minute ago is no nearer than what was read this morning."""
NEUTRAL = timedelta(weeks=1)
"""A memory that was used once, so long ago, keeps its score."""


def factors(memories: Collection[Memory], now: datetime) -> dict[UUID, float]:
    """Returns what the score of each memory is multiplied by, from 0.3 to 1.5; one statement of the caller's tx."""
    traces = _traces_of_accesses([memory.id for memory in memories], now)
    changed = {memory.id: max(memory.created_at, memory.updated_at) for memory in memories}
    return {memory_id: factor(trace(now - at) + traces.get(memory_id, 0)) for memory_id, at in changed.items()}


def factor(traces: float) -> float:
    """Returns the factor of a memory with this sum of traces: 1 for one use of a week ago.

    A logistic of the activation, which is the logarithm of the sum, as ACT-R takes the odds of a retrieval from it.
    """
    odds = traces / trace(NEUTRAL) * (1 - LEAST) / (MOST - 1)
    return LEAST + (MOST - LEAST) * odds / (1 + odds)


def trace(age: timedelta) -> float:
    """Returns what a use of this age has left; that of a day or less is 1."""
    return math.pow(max(age, DAY) / DAY, -FADING)


def _traces_of_accesses(memory_ids: Collection[UUID], now: datetime) -> dict[UUID, float]:
    """The sums are made where the times are: to read a thousand of these takes several milliseconds."""
    with connection.cursor() as cursor:
        cursor.execute(_TRACES, {"project": current_project_id(), "memories": list(memory_ids), "now": now})
        return dict(cursor.fetchall())


_TRACES = f"""
    SELECT memory_id, (
        SELECT sum(power(greatest(extract(epoch FROM %(now)s - at)::float8 / {DAY.total_seconds()}, 1), -{FADING}))
        FROM unnest(times) AS at
    )
    FROM access WHERE project_id = %(project)s AND memory_id = ANY(%(memories)s)
"""  # noqa: S608 - only constants of this module are written into the text; all else is bound
