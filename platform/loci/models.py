"""Tables that every app shares."""

from django.db import models
from django.utils import timezone

from loci.tenancy.models import ProjectTable


class IdempotencyKey(ProjectTable):
    """A key that a client sent with a change, and the answer it got (reliability.md §2.5).

    `request_hash` is the SHA-256 of method, route and canonical body. `body` is empty until the answer is known.
    """

    key = models.CharField(max_length=255)
    request_hash = models.BinaryField()
    event_id = models.UUIDField(null=True)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "idempotency_key"
        constraints = [models.UniqueConstraint(fields=["project", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return self.key
