"""Rings for whatever is due and was not rung for, or not heard: fair over projects (design.md §5).

It sees jobs and projects only, through the system role. Of jobs it changes nothing but `published_at`, and it stores
those that are scheduled (`workers.schedule`).
"""

import json
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import Error, connections, transaction

from loci.observability import metrics
from workers import schedule
from workers.celery import QUEUES
from workers.doorbell import QUIET_S, heard_for, ring
from workers.jobs import MAX_PUBLISHED, MORE_PUBLISHED

logger = logging.getLogger(__name__)

PAUSE_S = 0.3
SCHEDULE_PAUSE_S = 10.0
BATCH = 100

# Of open jobs, those whose projects are deleted wait for their restoration.
STOPPED = """
    stopped AS MATERIALIZED (
        SELECT project_id FROM (SELECT DISTINCT project_id FROM open) AS projects WHERE is_deleted(project_id)
    )
"""
# One row per ring, each project's first before any project's second. A lane has at most one job that is rung for, none
# while another of its jobs runs; an expired lease and a ring that nobody heard are due again. What is held is grouped
# by lane, since thousands may wait in one: to compare each with each would take seconds.
DUE = """
    WITH open AS MATERIALIZED (
        SELECT project_id, id, kind, queue, lane, state, lease_until, not_before, published_at, created_at,
               coalesce((%(more)s::jsonb ->> queue)::int, %(most)s) AS most,
               (coalesce(published_at, '-infinity') >= now() - make_interval(secs => %(rering)s)
                   AND (state = 'pending' OR published_at >= lease_until))
               OR (state = 'running' AND lease_until >= now()) AS taken
        FROM job WHERE state = 'running' OR (state = 'pending' AND not_before <= now())
    ),
    {stopped},
    busy AS (
        SELECT project_id, queue, count(*) AS published FROM open WHERE taken GROUP BY project_id, queue
    ),
    held AS (
        SELECT project_id, lane, count(*) AS jobs FROM open WHERE taken OR state = 'running' GROUP BY project_id, lane
    ),
    waiting AS (
        SELECT open.*, coalesce(busy.published, 0) AS published,
               row_number() OVER (PARTITION BY project_id, lane ORDER BY state DESC, created_at, id) AS lane_place
        FROM open LEFT JOIN busy USING (project_id, queue) LEFT JOIN held USING (project_id, lane)
        WHERE NOT taken AND coalesce(busy.published, 0) < most
          AND project_id NOT IN (SELECT project_id FROM stopped)
          AND (state = 'pending' OR lease_until <= now())
          AND (lane IS NULL OR coalesce(held.jobs, 0) = (state = 'running')::int)
    ),
    ranked AS (
        SELECT *, row_number() OVER (PARTITION BY project_id, queue ORDER BY created_at, id) AS place
        FROM waiting WHERE lane_place = 1 OR lane IS NULL
    )
    SELECT project_id, id, published_at, place + published AS turn
    FROM ranked
    WHERE place + published <= most
    ORDER BY ranked.place, ranked.created_at
    LIMIT %(batch)s
"""
# What another dispatcher published since the snapshot is skipped: its lock or the new time in the row shows it.
PUBLISH = """
    UPDATE job SET published_at = now()
    FROM (
        SELECT job.project_id, job.id, due.turn FROM job JOIN ({due}) AS due USING (project_id, id)
        WHERE job.published_at IS NOT DISTINCT FROM due.published_at
        FOR UPDATE OF job SKIP LOCKED
    ) AS free
    WHERE job.project_id = free.project_id AND job.id = free.id AND job.state IN ('pending', 'running')
    RETURNING job.project_id, job.id, job.kind, job.queue, free.turn
"""
BACKLOG = """
    WITH open AS MATERIALIZED (
        SELECT project_id, queue, state, not_before FROM job
        WHERE (state = 'pending' AND not_before <= now()) OR (state = 'running' AND lease_until < now())
    ),
    {stopped}
    SELECT queue,
           count(*) FILTER (WHERE state = 'pending'),
           coalesce(extract(epoch FROM now() - min(not_before) FILTER (WHERE state = 'pending')), 0),
           count(*) FILTER (WHERE state = 'running')
    FROM open
    WHERE project_id NOT IN (SELECT project_id FROM stopped)
    GROUP BY queue
"""


@dataclass(frozen=True)
class Due:
    """A job to ring for: the `turn`-th that is published of its project in its queue, counted from 1."""

    project_id: UUID
    job_id: UUID
    kind: str
    queue: str
    turn: int


def publish_due() -> list[Due]:
    """Marks the next due jobs published, in one commit, and returns them to be rung. Two dispatchers may run."""
    # What was published before a ring went unheard was lost too, whoever rang.
    rering = min(float(settings.RERING_AFTER_S), heard_for())
    parameters: dict[str, str | float] = {
        "rering": rering,
        "most": MAX_PUBLISHED,
        "more": json.dumps(MORE_PUBLISHED),
        "batch": BATCH,
    }
    with transaction.atomic(using="system"), connections["system"].cursor() as cursor:
        cursor.execute(PUBLISH.format(due=DUE.format(stopped=STOPPED)), parameters)
        return [Due(*row) for row in cursor.fetchall()]


def dispatch_once() -> int:
    """Rings for everything that is due now and whose turn it is; returns how many. While Redis is away it waits."""
    if heard_for() < QUIET_S:
        return 0
    due = publish_due()
    for job in due:
        ring(kind=job.kind, queue=job.queue, project_id=job.project_id, job_id=job.job_id, turn=job.turn)
    return len(due)


def dispatch_until(stopped: Callable[[], bool]) -> None:
    """Dispatches every 300 ms until `stopped()`, and looks at the schedule every 10 s; waits for an absent database."""
    scheduled_at = -math.inf
    while not stopped():
        try:
            dispatch_once()
            _report_backlog()
            if time.monotonic() - scheduled_at >= SCHEDULE_PAUSE_S:
                scheduled_at = time.monotonic()
                schedule.store_due()
        except Error as error:
            logger.warning("dispatcher.waits", extra={"error": type(error).__name__})
            connections["system"].close()
        time.sleep(PAUSE_S)


def _report_backlog() -> None:
    with connections["system"].cursor() as cursor:
        cursor.execute(BACKLOG.format(stopped=STOPPED))
        backlog = {queue: numbers for queue, *numbers in cursor.fetchall()}
    for queue in QUEUES:
        due, age, expired = backlog.get(queue, (0, 0, 0))
        metrics.DUE_JOBS.labels(queue).set(due)
        metrics.QUEUE_AGE_SECONDS.labels(queue).set(float(age))
        metrics.EXPIRED_LEASES.labels(queue).set(expired)
