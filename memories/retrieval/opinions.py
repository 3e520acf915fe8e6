"""What people think of memories moves these in searches (contract.md §9.4), a little by one and more by many.

The weights of all opinions on a text are averaged together with four neutral ones, so that the first few count little
and only many that agree come near the bounds: 0.44 for what all find very bad, 1.5 for what all find good.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from uuid import UUID

from django.db import connection

from loci.tenancy.context import current_project_id
from memories.models import Memory, Opinion

STRENGTH = 1.5
"""What a score is multiplied by at the most; for what is very bad it is divided by it twice."""
NEUTRAL = 4
"""How many neutral opinions every text begins with."""
WEIGHTS = {Opinion.POSITIVE: 1, Opinion.NEGATIVE: -1, Opinion.VERY_NEGATIVE: -2}


def factors(memories: Collection[Memory]) -> dict[UUID, float]:
    """Returns what the score of each memory with opinions is multiplied by; one statement of the caller's tx.

    What was thought of another text of the memory does not count.
    """
    by_text = _by_text([memory.id for memory in memories])
    judged = {memory.id: by_text.get((memory.id, memory.hash)) for memory in memories}
    return {memory_id: factor(opinions) for memory_id, opinions in judged.items() if opinions}


def _by_text(memory_ids: Collection[UUID]) -> Mapping[tuple[UUID, str], Mapping[str, int]]:
    """By memory and hash of a text, how many people hold each opinion of it."""
    found: dict[tuple[UUID, str], dict[str, int]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"project": current_project_id(), "memories": list(memory_ids)})
        for memory_id, text_hash, opinion, count in cursor.fetchall():
            found[memory_id, text_hash][opinion] = count
    return found


_COUNTS = """
    SELECT memory_id, hash, opinion, count(*) FROM feedback
    WHERE project_id = %(project)s AND memory_id = ANY(%(memories)s) AND opinion <> ''
    GROUP BY memory_id, hash, opinion
"""


def factor(opinions: Mapping[str, int]) -> float:
    """Returns the factor of a text of which so many people hold each opinion."""
    weight = sum(WEIGHTS[Opinion(opinion)] * count for opinion, count in opinions.items())
    return float(STRENGTH ** (weight / (NEUTRAL + sum(opinions.values()))))
