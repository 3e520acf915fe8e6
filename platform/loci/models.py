"""Tables that every app shares."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from loci.tenancy.models import ProjectTable


class IdempotencyKey(ProjectTable):
    """A key that a client sent with a change, and the answer it got (reliability.md §2.5).

    `request_hash` is the SHA-256 of method, route and canonical body. `body` is empty until the answer is known.
    `subject_id` is the event or memory that the answer tells about: it is emptied with that one's text.
    """

    key = models.CharField(max_length=255)
    request_hash = models.BinaryField()
    subject_id = models.UUIDField(null=True, db_column="event_id")
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "idempotency_key"
        constraints = [models.UniqueConstraint(fields=["project", "key"], name="idempotency_key_once")]
        indexes = [
            models.Index(
                fields=["project", "subject_id"], name="idempotency_key_subject", condition=Q(subject_id__isnull=False)
            ),
            models.Index(fields=["project", "created_at"], name="idempotency_key_oldest"),
        ]

    def __str__(self) -> str:
        return self.key


class RequestLog(ProjectTable):
    """One answered request. It holds ids and numbers only: no text, and no name of an entity (design.md §4).

    `operation` is the wire's event type (contract.md §8), "" where the request is no event of its own. `key_id` is None
    for the session of a person. `entity_id` is
    the entity's row, `memory_ids` are the memories that were answered or changed, at most 100. Times are milliseconds,
    `stages` by part of the answer: `{"embedding": 5.9, "sql": 6.3}`.
    """

    request_id = models.CharField(max_length=64)
    key_id = models.UUIDField(null=True)
    method = models.CharField(max_length=8)
    route = models.CharField(max_length=128)
    operation = models.CharField(max_length=32, blank=True, default="")
    status = models.PositiveSmallIntegerField()
    milliseconds = models.FloatField()
    stages = models.JSONField(default=dict)
    entity_id = models.UUIDField(null=True)
    memory_ids = ArrayField(models.UUIDField(), default=list)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "request_log"
        indexes = [
            models.Index(fields=["project", "created_at"], name="request_log_newest"),
            models.Index(fields=["project", "operation", "created_at"], name="request_log_operation"),
            models.Index(fields=["project", "operation"], name="request_log_answered", condition=Q(status__lt=400)),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.route} ({self.status})"
