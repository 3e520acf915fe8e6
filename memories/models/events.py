"""Requests and what was said in them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from loci.tenancy.models import TenantForeignKey
from memories.models.base import Attributed, Scoped


class EventType(models.TextChoices):
    """What the events endpoints call a request (contract.md §6.5, §8)."""

    ADD = "ADD"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    SEARCH = "SEARCH"
    GET_ALL = "GET_ALL"
    GET = "GET"
    DELETE_ALL = "DELETE_ALL"
    DELETE_USER = "DELETE_USER"
    ROLLBACK = "ROLLBACK"
    EXPORT = "EXPORT"


class EventStatus(models.TextChoices):
    """The literal statuses of contract.md §8."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


OPEN_STATUSES = (EventStatus.PENDING, EventStatus.RUNNING)


class Event(Scoped, Attributed):
    """One asynchronous request, as the API shows it. Its messages are rows of their own, never part of `payload`.

    `results` holds the wire's result items, `verdicts` what became of every fact. `said_at` is when the messages were
    said: the order in which facts are believed, whatever the order in which they are processed. `trimmed_at` is since
    when an add no longer quotes anything (`memories.lifecycle.retention`).
    """

    event_type = models.CharField(max_length=32)
    status = models.CharField(max_length=16, choices=EventStatus, default=EventStatus.PENDING)
    payload = models.JSONField(default=dict)
    results = models.JSONField(default=list)
    verdicts = models.JSONField(default=list)
    error = models.TextField(blank=True, default="")
    said_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    trimmed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "event"
        indexes = [
            models.Index(fields=["project", "created_at"], name="event_newest"),
            models.Index(fields=["project", "user_id", "created_at"], name="event_user"),
            models.Index(fields=["project", "key_id", "created_at"], name="event_key"),
            models.Index(
                fields=["project", "created_at"],
                name="event_untrimmed",
                condition=models.Q(event_type=EventType.ADD, trimmed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.id} ({self.status})"


class Message(Scoped):
    """One message of an add, as `memories.screening` lets it be kept: without secrets and hidden characters.

    `flags` are what its content no longer shows. Once every memory that came from it is deleted, it leaves the
    extractor's context.
    """

    event = TenantForeignKey(Event)
    position = models.PositiveIntegerField()
    role = models.CharField(max_length=32)
    name = models.CharField(max_length=256, blank=True, default="")
    content = models.TextField()
    said_at = models.DateTimeField()
    flags = ArrayField(models.CharField(max_length=32), default=list, db_default=[])
    in_context = models.BooleanField(default=True)

    class Meta:
        db_table = "message"
        constraints = [models.UniqueConstraint(fields=["project", "event", "position"], name="message_once")]
        indexes = [
            models.Index(fields=["project", "user_id", "said_at"], name="message_user"),
            models.Index(fields=["project", "agent_id", "said_at"], name="message_agent"),
            models.Index(fields=["project", "app_id", "said_at"], name="message_app"),
            models.Index(fields=["project", "run_id", "said_at"], name="message_run"),
            models.Index(fields=["project", "event"], name="message_hidden", condition=models.Q(in_context=False)),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.event_id}"


class BlobForm(models.TextChoices):
    """A blob is a piece of a file as it was sent, the URL of one, a piece of a document's text or of an export."""

    FILE = "file"
    URL = "url"
    CHUNK = "chunk"
    EXPORT = "export"


class Blob(Scoped):
    """Up to 1 MiB of a file that came with a message, until its event has read it, or of an export, until it expires.

    `position` is the message's, `part` counts the files of the message from 1, `piece` what a file or its text was cut
    into. `kind` is what the file was sent as (`loci.media.kinds.Kind`). An export has position 0, and its parts are its
    own (`memories.exports.parts`).
    """

    event = TenantForeignKey(Event)
    position = models.PositiveIntegerField()
    part = models.PositiveIntegerField()
    piece = models.PositiveIntegerField(default=0)
    form = models.CharField(max_length=8, choices=BlobForm)
    kind = models.CharField(max_length=8)
    content = models.BinaryField()
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "blob"
        constraints = [
            models.UniqueConstraint(fields=["project", "event", "position", "part", "form", "piece"], name="blob_once"),
        ]
        indexes = [models.Index(fields=["project", "expires_at"], name="blob_expiry")]

    def __str__(self) -> str:
        return f"{self.form} {self.part} of message {self.position} of {self.event_id}"
