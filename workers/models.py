"""The durable work table (design.md §5, reliability.md §2.3)."""

from django.db import models
from django.db.models.functions import Now

from loci.tenancy.models import ProjectTable

ONE_RUNNING_PER_LANE = "job_one_running_per_lane"


class JobState(models.TextChoices):
    """Where a job is in its life."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"


class Job(ProjectTable):
    """One durable unit of background work. Postgres holds it; Celery only rings for it.

    `attempt` counts claims and `soft` those that ended in a failed dependency, so `attempt - soft` counts crashes.
    `fence` rises with every claim: only the holder of the newest may finish. `lane` names the entity whose jobs run one
    at a time; None is no lane. `cursor` says how far long work has come; None is work that is done at once. `requests`
    counts what was sent to remote models for the job, or for the step of long work that it is at. `scheduled_for` is
    the start of the window for which the schedule made the job (`workers.schedule`); None is one that was asked for.
    """

    kind = models.CharField(max_length=32)
    queue = models.CharField(max_length=32)
    lane = models.CharField(max_length=300, null=True)  # noqa: DJ001 - NULL, not '', keeps a job out of the lane index
    event_id = models.UUIDField(null=True)
    cursor = models.JSONField(null=True)
    state = models.CharField(max_length=16, choices=JobState, default=JobState.PENDING)
    attempt = models.IntegerField(default=0)
    soft = models.IntegerField(default=0)
    requests = models.IntegerField(default=0, db_default=0)
    fence = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    scheduled_for = models.DateTimeField(null=True)

    class Meta:
        db_table = "job"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "lane"], condition=models.Q(state=JobState.RUNNING), name=ONE_RUNNING_PER_LANE
            ),
            models.UniqueConstraint(
                fields=["project", "kind", "scheduled_for"],
                condition=models.Q(scheduled_for__isnull=False),
                name="job_once_per_window",
            ),
        ]
        indexes = [
            models.Index(
                fields=["project", "queue", "not_before"],
                condition=models.Q(state__in=[JobState.PENDING, JobState.RUNNING]),
                name="job_open",
            ),
            models.Index(fields=["project", "event_id"], name="job_event"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id} ({self.state})"
