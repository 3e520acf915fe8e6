"""Endpoints that are told what happens in a project, and what they were told (design.md §2, reliability.md §2.6)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from uuid_utils.compat import uuid7

from loci.tenancy.models import ProjectTable, TenantForeignKey
from orgs.ids import public_id

MAX_URL_CHARS = 2_048
MAX_ANSWER_CHARS = 1_024


def new_message_id() -> str:
    """Returns the id by which a receiver tells a message from others, however often it is sent to it."""
    return f"msg_{uuid7().hex}"


class EventType(models.TextChoices):
    """What an endpoint can subscribe to: the events of contract.md §11, and Loci's own after them."""

    MEMORY_ADD = "memory_add"
    MEMORY_UPDATE = "memory_update"
    MEMORY_DELETE = "memory_delete"
    MEMORY_CATEGORIZE = "memory_categorize"
    INGEST_JOB_COMPLETED = "ingest_job_completed"
    INGEST_JOB_PARTIALLY_COMPLETED = "ingest_job_partially_completed"
    INGEST_JOB_FAILED = "ingest_job_failed"
    INGEST_JOB_CANCELLED = "ingest_job_cancelled"
    EXPORT_COMPLETED = "export_completed"
    EXPORT_FAILED = "export_failed"
    JOB_FAILED = "job_failed"
    ENDPOINT_DISABLED = "endpoint_disabled"


TEST = "test"
"""The type of what is sent to try an endpoint out: nobody subscribes to it."""


class WebhookEndpoint(ProjectTable):
    """A URL that is told what happens in its project, if it is of one of its `event_types`.

    `owner_id` is the person who made it. `secrets` is a list of the secrets that sign, encrypted as one text
    (`webhooks.signing_secrets`). `first_failure_at` is when the failures began that no success has ended yet.
    `disabled_at` and `disabled_reason` say when and why Loci made it inactive, and are empty where people did.
    A deleted one has no secrets, and stays for as long as its deliveries do.
    """

    public_id = models.CharField(max_length=64, default=public_id("wh"))
    name = models.CharField(max_length=200)
    url = models.CharField(max_length=MAX_URL_CHARS)
    event_types = ArrayField(models.CharField(max_length=64))
    is_active = models.BooleanField(default=True)
    owner_id = models.UUIDField(null=True)
    secrets = models.TextField()
    first_failure_at = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.TextField(blank=True, default="")
    deleted_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "webhook_endpoint"
        constraints = [models.UniqueConstraint(fields=["project", "public_id"], name="webhook_endpoint_public_id")]

    def __str__(self) -> str:
        return self.public_id


class DeliveryState(models.TextChoices):
    """Pending ones are sent, or tried again; failed ones are given up; cancelled ones are not wanted any more."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Delivery(ProjectTable):
    """One message for one endpoint, which a job of kind "deliver" sends until it is taken, or given up.

    `body` is the text whose bytes are signed and sent. Once the memory that it tells of, `memory_id`, is deleted, it
    quotes it no more, nor do the answers to it; `version` is the memory's then. `attempts` counts what was sent,
    `last_status` and `last_error` say how the last one ended, and `next_at` when the next one is due.
    """

    endpoint = TenantForeignKey(WebhookEndpoint)
    message_id = models.CharField(max_length=64, default=new_message_id)
    event_type = models.CharField(max_length=64)
    memory_id = models.UUIDField(null=True)
    version = models.IntegerField(null=True)
    body = models.TextField()
    state = models.CharField(max_length=16, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.IntegerField(default=0)
    last_status = models.IntegerField(null=True)
    last_error = models.TextField(blank=True, default="")
    next_at = models.DateTimeField(null=True, db_default=Now())
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "delivery"
        constraints = [
            models.UniqueConstraint(fields=["project", "endpoint", "message_id"], name="delivery_once"),
        ]
        indexes = [
            models.Index(fields=["project", "endpoint", "created_at", "id"], name="delivery_newest"),
            models.Index(fields=["project", "created_at"], name="delivery_oldest"),
            models.Index(fields=["project", "memory_id"], name="delivery_memory", condition=Q(memory_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} ({self.state})"


class DeliveryAttempt(ProjectTable):
    """One time that a delivery was sent. `error` is one of a few fixed texts, `answer` how the receiver's one began."""

    delivery = TenantForeignKey(Delivery)
    number = models.IntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.IntegerField()
    status = models.IntegerField(null=True)
    error = models.TextField(blank=True, default="")
    answer = models.CharField(max_length=MAX_ANSWER_CHARS, blank=True, default="")

    class Meta:
        db_table = "delivery_attempt"
        constraints = [
            models.UniqueConstraint(fields=["project", "delivery", "number"], name="delivery_attempt_number"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.delivery_id}"
