"""What is made of memories: summaries, and the profiles of users. Deleting a memory deletes what was made of it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from loci.tenancy.models import ProjectTable, TenantForeignKey
from memories.models.base import Attributed, Scoped
from memories.models.entities import Entity


class Summary(Scoped):
    """What a model wrote of the memories of one scope, so that a repeated request costs no call.

    `key` is the hash of what was asked, `stamp` tells of which state of those memories it was written, and
    `covered` how many of them the model has read. The ids are
    those of the entity that all of the memories belong to, if there is one.
    """

    key = models.CharField(max_length=64)
    stamp = models.CharField(max_length=100)
    text = models.TextField()
    covered = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "summary"
        constraints = [models.UniqueConstraint(fields=["project", "key"], name="summary_once")]
        indexes = [
            models.Index(fields=["project", "user_id"], name="summary_user"),
            models.Index(fields=["project", "created_at"], name="summary_oldest"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class ProfileSettings(ProjectTable):
    """Whether a project has profiles, what they look like, and what their making should heed.

    The schema is null where it is Loci's own (`memories.lifecycle.profiles.schema`).
    """

    enabled = models.BooleanField(default=False)
    user_schema = models.JSONField(null=True)
    user_instructions = models.TextField(blank=True, default="")
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "profile_settings"
        constraints = [models.UniqueConstraint(fields=["project"], name="profile_settings_once")]

    def __str__(self) -> str:
        return str(self.id)


class ProfileStatus(models.TextChoices):
    """How a profile stands (contract.md §12); `not_enabled` is said of a project that has none."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INSUFFICIENT_DATA = "insufficient_data"


class Profile(Scoped):
    """What is known of a user, in the form of the project's schema.

    `error` says why the last generation failed, `generation_count` how many succeeded, the last of them at
    `updated_at`. `stamp` tells of which state of the user's memories it was made; it is empty where that is to be done
    again whatever they say. Deleting a memory of the user empties the profile, and hiding one takes its stamp.
    """

    entity = TenantForeignKey(Entity)
    content = models.JSONField(default=dict)
    status = models.CharField(max_length=32, choices=ProfileStatus, default=ProfileStatus.PENDING)
    error = models.TextField(blank=True, default="")
    generation_count = models.PositiveIntegerField(default=0)
    stamp = models.CharField(max_length=100, blank=True, default="", db_default="")
    updated_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "profile"
        constraints = [models.UniqueConstraint(fields=["project", "entity"], name="profile_once")]

    def __str__(self) -> str:
        return f"profile of {self.entity_id}"


class ProfileOperation(models.TextChoices):
    """Why profiles are generated: one was asked for, some show what the schema makes of users, or memories changed."""

    TRIGGER = "trigger"
    SAMPLE = "sample"
    REFRESH = "refresh"


class ProfileJobStatus(models.TextChoices):
    """How far a generation is."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class ProfileJob(ProjectTable, Attributed):
    """One request to generate profiles, as the API shows it. Its users are named by ids that end with them."""

    operation = models.CharField(max_length=16, choices=ProfileOperation)
    entities = ArrayField(models.UUIDField())
    status = models.CharField(max_length=16, choices=ProfileJobStatus, default=ProfileJobStatus.PENDING)
    succeeded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "profile_job"
        indexes = [models.Index(fields=["project", "operation", "created_at"], name="profile_job_newest")]

    def __str__(self) -> str:
        return f"{self.operation} {self.id} ({self.status})"

    @property
    def completed(self) -> int:
        """Returns of how many users it is known what became of their profile."""
        return self.succeeded + self.failed + self.skipped
