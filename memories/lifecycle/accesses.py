"""When memories were last read, for those of projects whose memories decay (contract.md §14, design.md §4)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from loci.models import RequestLog
from loci.tenancy.batches import delete_some
from loci.tenancy.context import current_project_id
from memories.models import Access, EventType, MemoryState
from orgs.models import Project

READS = (EventType.SEARCH, EventType.GET)
"""A search reads its hits, as far as the request log names them. A list reads nothing: it shows whatever there is."""
KEPT = 20
"""Accesses per memory."""


def note_accesses(requests: Sequence[RequestLog]) -> None:
    """Adds what the requests read to the last accesses of these memories, inside the commit that logs the requests.

    A memory that somebody is changing or deleting at this moment is left out, so that nobody waits for it, and nothing
    is kept of one that is gone.
    """
    reads = [
        (memory_id, request.created_at)
        for request in requests
        if request.operation in READS and request.status < 400
        for memory_id in request.memory_ids
    ]
    if reads and _memories_decay():
        project, (memory_ids, times) = current_project_id(), zip(*reads, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(
                _NOTE,
                {
                    "project": project,
                    "memories": list(memory_ids),
                    "times": list(times),
                    "deleted": MemoryState.DELETED,
                    "kept": KEPT,
                },
            )


def prune(_now: datetime, most: int) -> int:
    """Deletes up to `most` accesses where memories do not decay (any more), inside the caller's `tenant_tx`.

    Returns how many. Those of a memory that is deleted went with it.
    """
    return 0 if _memories_decay() else delete_some(Access.objects.all(), most)


def _memories_decay() -> bool:
    # Not by the manager: what runs beside requests knows the project only, and not its organization.
    projects = Project._base_manager.filter(id=current_project_id(), settings__contains={"decay": True})
    return projects.exists()


# In the order of ids, as all who change memories lock them, so that two that write the same rows never wait in a ring.
_NOTE = """
    WITH read AS (
        SELECT id, (array_agg(at ORDER BY at DESC))[:%(kept)s] AS times
        FROM unnest(%(memories)s::uuid[], %(times)s::timestamptz[]) AS each(id, at)
        GROUP BY id
    ),
    living AS MATERIALIZED (
        SELECT id, user_id, agent_id, app_id, run_id FROM memory
        WHERE project_id = %(project)s AND id IN (SELECT id FROM read) AND state <> %(deleted)s
        ORDER BY id FOR SHARE SKIP LOCKED
    )
    INSERT INTO access (id, project_id, memory_id, user_id, agent_id, app_id, run_id, times)
    SELECT gen_random_uuid(), %(project)s, id, user_id, agent_id, app_id, run_id, times
    FROM living JOIN read USING (id)
    ORDER BY id
    ON CONFLICT (project_id, memory_id) DO UPDATE SET times = ARRAY(
        SELECT at FROM unnest(access.times || excluded.times) AS at ORDER BY at DESC LIMIT %(kept)s
    )
"""
