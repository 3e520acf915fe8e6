"""What is done in every project again and again: the dispatcher stores the jobs of it (design.md §5).

A project has windows of its own, which begin at a time that follows from its id: ten thousand projects do not all start
at once. In each window a job is stored once, whoever looks and however often; while the job of an earlier window still
waits or runs, none. A dead one does not count, and windows in which nobody looked are not made up for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections, transaction

from loci.observability import metrics
from loci.tenancy.models import new_id


@dataclass(frozen=True)
class Schedule:
    """One kind of job, `every` so long, in each project that is not deleted, with its organization or alone.

    With `setting`, only in projects whose settings differ from their defaults there. With `in_control`, also in the
    hidden projects of organizations. Done jobs are kept for longer than a window lasts (`LOCI_RETAIN_JOBS_DAYS`).
    """

    kind: str
    queue: str
    every: timedelta
    setting: str | None = None
    in_control: bool = False


SCHEDULES = (
    Schedule("retention", "maintenance", every=timedelta(hours=6), in_control=True),
    Schedule("consolidate", "maintenance", every=timedelta(days=1), setting="consolidation"),
    Schedule("profiles", "maintenance", every=timedelta(days=1)),
)

MOST_OPEN = 100
"""Scheduled jobs of one kind, of all projects, that may wait or run: others wait for their turn as projects, which
costs nothing, and are in nobody's way."""

# The windows of a project begin where the hash of its id says. One that began before the project did is not for it.
# Whether its organization is deleted is asked last, of few.
DUE = """
    WITH open AS MATERIALIZED (
        SELECT project_id FROM job
        WHERE kind = %(kind)s AND scheduled_for IS NOT NULL AND state IN ('pending', 'running')
    ),
    living AS (
        SELECT id, created_at, hashtextextended(%(kind)s || id, 0) & 9223372036854775807 AS hash FROM project
        WHERE deleted_at IS NULL AND erased_at IS NULL AND (%(in_control)s OR NOT is_control)
          AND (%(setting)s::text IS NULL OR settings ? %(setting)s)
    ),
    current AS (
        SELECT id, created_at, to_timestamp(
            floor((extract(epoch FROM now()) - hash %% %(every)s) / %(every)s) * %(every)s + hash %% %(every)s
        ) AS scheduled_for
        FROM living
    ),
    due AS MATERIALIZED (
        SELECT id, scheduled_for FROM current
        WHERE scheduled_for > created_at
          AND NOT EXISTS (SELECT FROM open WHERE open.project_id = current.id)
          AND NOT EXISTS (
              SELECT FROM job
              WHERE job.project_id = current.id AND job.kind = %(kind)s AND job.scheduled_for >= current.scheduled_for
          )
    )
    SELECT id, scheduled_for FROM due
    WHERE NOT is_deleted(id)
    ORDER BY scheduled_for
    LIMIT greatest(0, %(most)s - (SELECT count(*) FROM open))
"""
# What another dispatcher stored meanwhile stays the only one.
STORE = """
    INSERT INTO job (id, project_id, scheduled_for, kind, queue, state, attempt, soft, fence, last_error)
    SELECT id, project_id, scheduled_for, %(kind)s, %(queue)s, 'pending', 0, 0, 0, ''
    FROM unnest(%(ids)s::uuid[], %(projects)s::uuid[], %(windows)s::timestamptz[])
        AS due(id, project_id, scheduled_for)
    ON CONFLICT (project_id, kind, scheduled_for) WHERE scheduled_for IS NOT NULL DO NOTHING
"""


def store_due(schedules: Sequence[Schedule] = SCHEDULES) -> int:
    """Stores the scheduled jobs that are due now, as many as may be open; returns how many. Two dispatchers may run."""
    return sum(_store(schedule) for schedule in schedules)


def _store(schedule: Schedule) -> int:
    with transaction.atomic(using="system"), connections["system"].cursor() as cursor:
        cursor.execute(
            DUE,
            {
                "kind": schedule.kind,
                "in_control": schedule.in_control,
                "setting": schedule.setting,
                "every": int(schedule.every.total_seconds()),
                "most": MOST_OPEN,
            },
        )
        due = cursor.fetchall()
        if not due:
            return 0
        cursor.execute(STORE, {"kind": schedule.kind, "queue": schedule.queue, **_rows(due)})
        stored = int(cursor.rowcount)
    metrics.JOBS_SCHEDULED.labels(schedule.kind).inc(stored)
    return stored


def _rows(due: Sequence[tuple[UUID, datetime]]) -> dict[str, list[Any]]:
    return {
        "ids": [new_id() for _ in due],
        "projects": [project_id for project_id, _ in due],
        "windows": [scheduled_for for _, scheduled_for in due],
    }
