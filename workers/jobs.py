"""The life of a job: enqueued, claimed, finished, or tried again (design.md §3, reliability.md §2.3).

Every function runs inside the caller's `tenant_tx`.
"""

import random
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet
from django.db.models.functions import Greatest, Now
from django.db.models.lookups import Exact
from psycopg.types.json import Jsonb

from loci.tenancy.batches import delete_some
from loci.tenancy.context import Tenant, current_project_id
from loci.tenancy.models import first_id, new_id
from workers.limits import MAX_CRASHES, MAX_REQUESTS, MAX_SOFT_FAILURES, backoff
from workers.models import ONE_RUNNING_PER_LANE, Job, JobState

MAX_PUBLISHED = 8
"""Rung and unfinished jobs of one project in one queue: a flood waits in Postgres, not in everybody's way."""

MORE_PUBLISHED = {"webhooks": 40}
"""The same of queues whose jobs mostly wait for others, and must not wait for each other."""

OPEN = (JobState.PENDING, JobState.RUNNING)


class Fenced(Exception):
    """Another claim of the job is newer: this one must not change anything."""


class Unfinished(Exception):
    """A step of long work is done, and another is left: the job is given back for it, due in `after_s` seconds.

    With a pause, other jobs of the lane have their turn between two steps.
    """

    def __init__(self, *, after_s: float = 0) -> None:
        super().__init__()
        self.after_s = after_s


class PutBack(Exception):
    """The work has put the job back itself (`repeat`), in the commit that says how this turn went."""


class Spent(Exception):
    """The job may ask remote models no more, today or any other day: it is to be given up, for the reason it says."""


class LaneBusy(Exception):
    """Another job of the lane is running."""


@dataclass(frozen=True)
class Claim:
    """The right to work on a job until its lease ends. `crashes` counts earlier claims that ended without a word."""

    tenant: Tenant
    job_id: UUID
    kind: str
    queue: str
    lane: str | None
    event_id: UUID | None
    fence: int
    crashes: int
    soft: int
    created_at: datetime
    cursor: dict[str, Any] | None = field(default=None, compare=False)
    """How far earlier claims have come with long work."""


held: set[Claim] = set()
"""The claims that threads of this process work on now (`workers.tasks.running`)."""


def enqueue(
    *,
    kind: str,
    queue: str,
    lane: str | None = None,
    event_id: UUID | None = None,
    run_here: bool = False,
    not_before: datetime | None = None,
    cursor: dict[str, Any] | None = None,
) -> Job:
    """Stores a new job. Where its project's and lane's turn allow, it is published: ring for it after the commit.

    With `run_here` it counts as published too: the caller runs it at once, and nobody is to ring. One that is not due
    `not_before` a later time is left to the dispatcher. Long work begins at `cursor`.
    """
    is_published = run_here or (not_before is None and _may_publish(queue, lane))
    return Job.objects.create(
        kind=kind,
        queue=queue,
        lane=lane,
        event_id=event_id,
        published_at=Now() if is_published else None,
        not_before=not_before or Now(),
        cursor=cursor,
    )


def enqueue_many(*, kind: str, queue: str, lanes: Mapping[UUID, str], cursor: dict[str, Any]) -> None:
    """Stores a new job for each of these events, in its lane, and leaves them to the dispatcher."""
    parameters: dict[str, Any] = {
        "kind": kind,
        "queue": queue,
        "cursor": Jsonb(cursor),
        "project": current_project_id(),
        "ids": [new_id() for _ in lanes],
        "events": list(lanes),
        "lanes": list(lanes.values()),
    }
    with connection.cursor() as sql:
        sql.execute(ENQUEUE_MANY, parameters)


# Each column is one parameter: thousands of rows of parameters take seconds to be written.
ENQUEUE_MANY = """
    INSERT INTO job (id, project_id, kind, queue, lane, event_id, cursor, state, attempt, soft, fence, last_error)
    SELECT id, %(project)s, %(kind)s, %(queue)s, lane, event_id, %(cursor)s, 'pending', 0, 0, 0, ''
    FROM unnest(%(ids)s::uuid[], %(lanes)s::text[], %(events)s::uuid[]) AS new(id, lane, event_id)
"""


def _may_publish(queue: str, lane: str | None) -> bool:
    """In one statement, because every add asks. Without a lane there is no job of the same lane."""
    parameters: dict[str, Any] = {"project": current_project_id(), "queue": queue, "lane": lane}
    parameters["most"] = MORE_PUBLISHED.get(queue, MAX_PUBLISHED)
    with connection.cursor() as cursor:
        cursor.execute(MAY_PUBLISH, parameters)
        return bool(cursor.fetchone()[0])


MAY_PUBLISH = """
    SELECT (
        SELECT count(*) FROM (
            SELECT FROM job
            WHERE project_id = %(project)s AND queue = %(queue)s
              AND state IN ('pending', 'running') AND published_at IS NOT NULL
            LIMIT %(most)s
        ) AS published
    ) < %(most)s
    AND NOT EXISTS (
        SELECT FROM job
        WHERE project_id = %(project)s AND lane = %(lane)s
          AND state IN ('pending', 'running') AND (published_at IS NOT NULL OR state = 'running')
    )
"""


def claim(tenant: Tenant, job_id: UUID, lease_s: int) -> Claim | None:
    """Takes the job for `lease_s` seconds; None where it is not due, finished or held by somebody else.

    Nor is one of a deleted project taken: it waits until the project, or its organization, is restored, or erased.
    Raises `LaneBusy` when another job of its lane runs; the transaction is then to be rolled back.
    """
    due = Q(state=JobState.PENDING, not_before__lte=Now()) | Q(state=JobState.RUNNING, lease_until__lt=Now())
    try:
        claimed = Job.objects.filter(due, _of_living_project(), id=job_id).update(
            state=JobState.RUNNING,
            attempt=F("attempt") + 1,
            fence=F("fence") + 1,
            lease_until=Now() + timedelta(seconds=lease_s),
        )
    except IntegrityError as error:
        if _constraint(error) == ONE_RUNNING_PER_LANE:
            raise LaneBusy from error
        raise
    if not claimed:
        return None
    job = Job.objects.get(id=job_id)
    return Claim(
        tenant=tenant,
        job_id=job.id,
        kind=job.kind,
        queue=job.queue,
        lane=job.lane,
        event_id=job.event_id,
        fence=job.fence,
        crashes=job.attempt - 1 - job.soft,
        soft=job.soft,
        created_at=job.created_at,
        cursor=job.cursor,
    )


def _of_living_project() -> Q:
    is_deleted = Func(F("project_id"), function="is_deleted", output_field=BooleanField())
    return Q(Exact(is_deleted, False))


def _constraint(error: IntegrityError) -> str | None:
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None)


@contextmanager
def lane_taken(lane: str | None) -> Iterator[None]:
    """Keeps the lane's jobs from being claimed until the transaction ends, for a short change that is no job itself.

    Raises `LaneBusy` while one is running.
    """
    try:
        with transaction.atomic():
            taken = Job.objects.create(kind="", queue="", lane=lane, state=JobState.RUNNING, lease_until=Now())
    except IntegrityError as error:
        if _constraint(error) == ONE_RUNNING_PER_LANE:
            raise LaneBusy from error
        raise
    yield
    # Nobody has seen it; who waited for it goes on after the commit.
    taken.delete()


def hold(claim: Claim) -> None:
    """Keeps the claim good for the rest of the transaction. Raises `Fenced` as `finish` does."""
    if not _held(claim).select_for_update(of=["self"]).exists():
        raise Fenced(f"Job {claim.job_id} has a newer claim.")


def advance(claim: Claim, cursor: dict[str, Any]) -> None:
    """Notes, in the commit of a step, how far the work has come; earlier failures no longer count. Raises `Fenced`."""
    _end(claim, cursor=cursor, attempt=1, soft=0, requests=0)


def count_request(claim: Claim) -> None:
    """Counts one request to a remote model. Raises `Spent` where it would be one too many, and `Fenced`."""
    if _held(claim).filter(requests__lt=MAX_REQUESTS).update(requests=F("requests") + 1) == 1:
        return
    hold(claim)
    raise Spent(f"Remote models were asked {MAX_REQUESTS} times, and the work is still not done.")


def forget_requests(claim: Claim, count: int) -> None:
    """Takes so many counted requests back."""
    _held(claim).update(requests=Greatest(0, F("requests") - count))


def finish(claim: Claim) -> None:
    """Marks the job done. Raises `Fenced` where the claim is not the newest: everything with it must be rolled back."""
    _end(claim, state=JobState.DONE, finished_at=Now(), last_error="")


def bury(claim: Claim, reason: str) -> None:
    """Marks the job dead, for `reason`. Raises `Fenced` as `finish` does."""
    _end(claim, state=JobState.DEAD, finished_at=Now(), last_error=reason)


def postpone(claim: Claim, error: str, *, retry_after: float | None = None) -> None:
    """Puts the job back after a failed dependency, later each time, or when the dependency said. Raises `Fenced`."""
    wait = max(backoff(claim.soft) * random.uniform(0.8, 1.2), retry_after or 0)  # noqa: S311 - jitter, no secret
    _put_back(claim, error, wait, soft=F("soft") + 1)


def retry(claim: Claim, error: str) -> None:
    """Puts the job back after an error of our own; it counts as a crash. Raises `Fenced`."""
    _put_back(claim, error, backoff(claim.crashes))


def give_back(claim: Claim, *, after_s: float = 0) -> None:
    """Puts the job back as if it had not been claimed, due in `after_s` seconds. Raises `Fenced`.

    A worker that is told to stop does so, and one that finds the way to a dependency closed.
    """
    _put_back(claim, "", after_s, attempt=F("attempt") - 1)


def repeat(claim: Claim, cursor: dict[str, Any], *, after_s: float) -> None:
    """Puts the job back for its next turn, in the commit of this one; earlier failures no longer count.

    Raises `Fenced`. The work then ends with `PutBack`.
    """
    _put_back(claim, "", after_s, cursor=cursor, **dict.fromkeys(("attempt", "soft", "requests"), 0))


def _put_back(claim: Claim, error: str, wait: float, **changes: Any) -> None:
    _end(
        claim,
        state=JobState.PENDING,
        lease_until=None,
        published_at=None,
        not_before=Now() + timedelta(seconds=wait),
        last_error=error[:2000],
        **changes,
    )


def _end(claim: Claim, **changes: Any) -> None:
    if _held(claim).update(**changes) != 1:
        raise Fenced(f"Job {claim.job_id} has a newer claim.")


def _held(claim: Claim) -> QuerySet[Job]:
    return Job.objects.filter(id=claim.job_id, fence=claim.fence, state=JobState.RUNNING)


def unpublish(job_id: UUID) -> None:
    """Takes back that the job was rung for: its lane was busy, and whoever ends the lane's run rings again."""
    Job.objects.filter(id=job_id, state=JobState.PENDING).update(published_at=None)


def cancel(event_ids: Iterable[UUID] | QuerySet[Any, Any], reason: str) -> None:
    """Kills the open jobs of these events; a job in flight fails its fence, so its work is never committed."""
    kill(Job.objects.filter(event_id__in=event_ids, state__in=OPEN), reason)


def kill(unwanted: QuerySet[Job], reason: str) -> None:
    """Makes these jobs dead, whoever holds them."""
    unwanted.update(state=JobState.DEAD, fence=F("fence") + 1, finished_at=Now(), last_error=reason)


def lock(event_ids: Collection[UUID]) -> None:
    """Has whoever works on the open jobs of these events wait with what they commit, until the transaction ends."""
    of_events = Job.objects.filter(event_id__in=event_ids, state__in=OPEN)
    list(of_events.select_for_update(of=["self"]).order_by("id").values_list("id"))


def revive(event_ids: Iterable[UUID] | QuerySet[Any, Any]) -> list[UUID]:
    """Makes the dead jobs of these events pending again, with nothing counted against them; returns their events."""
    dead = Job.objects.filter(event_id__in=event_ids, state=JobState.DEAD).select_for_update(of=["self"])
    found = dict(dead.values_list("id", "event_id"))
    Job.objects.filter(id__in=found).update(
        state=JobState.PENDING,
        **dict.fromkeys(("attempt", "soft", "requests"), 0),
        **dict.fromkeys(("lease_until", "published_at", "finished_at")),
        not_before=Now(),
        last_error="",
    )
    return list(found.values())


def prune(now: datetime, most: int) -> int:
    """Deletes up to `most` jobs that ended long ago; dead ones stay longer, for a replay. Returns how many."""
    ended = {JobState.DONE: settings.RETAIN_JOBS, JobState.DEAD: settings.RETAIN_FAILED}
    return sum(_delete_ended(state, now - kept, most) for state, kept in ended.items() if kept is not None)


def _delete_ended(state: JobState, before: datetime, most: int) -> int:
    old = Job.objects.filter(id__lt=first_id(before), state=state, finished_at__lt=before)
    return delete_some(old.order_by("id"), most)


def publish_next(queue: str, lane: str) -> Job | None:
    """Marks the lane's oldest due job of a queue published and returns it, to be rung after the commit; or None."""
    running = Job.objects.filter(lane=OuterRef("lane"), state=JobState.RUNNING)
    due = Job.objects.filter(~Exists(running), queue=queue, lane=lane, state=JobState.PENDING, not_before__lte=Now())
    job: Job | None = due.order_by("created_at", "id").first()
    if job is not None:
        Job.objects.filter(id=job.id).update(published_at=Now())
    return job


def is_exhausted(claim: Claim) -> str:
    """Returns why the claimed job must not be tried again, or an empty string."""
    if claim.crashes >= MAX_CRASHES:
        return "The job crashed its worker again and again."
    if claim.soft >= MAX_SOFT_FAILURES:
        return "A dependency kept failing."
    return ""
