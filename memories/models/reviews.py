"""What people are asked to decide about memories."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from loci.tenancy.models import TenantForeignKey
from memories.models.base import Scoped
from memories.models.memories import Memory


class ReviewKind(models.TextChoices):
    """Why a memory is to be looked at: somebody found it bad, or another one says the same."""

    FEEDBACK = "feedback"
    DUPLICATE = "duplicate"


class ReviewState(models.TextChoices):
    """What was decided; `undone` is a decision that was taken back."""

    OPEN = "open"
    APPROVED = "approved"
    EDITED = "edited"
    REJECTED = "rejected"
    UNDONE = "undone"


class Review(Scoped):
    """A question about one memory, or about two that say the same, and what was decided.

    Of two, `memory` is the one that is to stay, and `other` the one to be merged into it. `hash` and `other_hash` are
    those of the texts that are meant: about other texts it asks nothing. `reason` says why it is asked. `done` is all
    that is needed to undo the decision (`memories.lifecycle.deciding`). Nobody decided what a project's policy did.
    """

    kind = models.CharField(max_length=16, choices=ReviewKind)
    memory = TenantForeignKey(Memory)
    other = TenantForeignKey(Memory, null=True)
    hash = models.CharField(max_length=32)
    other_hash = models.CharField(max_length=32, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    state = models.CharField(max_length=16, choices=ReviewState, default=ReviewState.OPEN)
    done = models.JSONField(null=True)
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "review"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "memory", "hash"],
                condition=Q(kind=ReviewKind.FEEDBACK, state=ReviewState.OPEN),
                name="review_flagged_once",
            ),
            models.UniqueConstraint(
                fields=["project", "memory", "other", "hash", "other_hash"],
                condition=Q(kind=ReviewKind.DUPLICATE),
                name="review_proposed_once",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "created_at", "id"], name="review_newest"),
            models.Index(fields=["project", "memory"], name="review_memory"),
            models.Index(fields=["project", "other"], name="review_other", condition=Q(other__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id} ({self.state})"
