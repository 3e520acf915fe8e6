"""How memories are used, and what people think of them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from loci.tenancy.models import TenantForeignKey
from memories.models.base import Attributed, Scoped
from memories.models.memories import Memory


class Access(Scoped):
    """When a memory was last read: by its id, or as a hit of a search; at most the last 20 times, the newest first.

    It is kept where the project's memories decay (`memories.lifecycle.accesses`). A row of its own: a memory carries
    vectors, and many are read every second.
    """

    memory = TenantForeignKey(Memory)
    times = ArrayField(models.DateTimeField())

    class Meta:
        db_table = "access"
        constraints = [models.UniqueConstraint(fields=["project", "memory"], name="access_once")]

    def __str__(self) -> str:
        return f"accesses of {self.memory_id}"


class Opinion(models.TextChoices):
    """What somebody thinks of a memory, in the words of the wire (contract.md §9.4)."""

    POSITIVE = "POSITIVE"
    NEGATIVE = "NEGATIVE"
    VERY_NEGATIVE = "VERY_NEGATIVE"


class Feedback(Scoped, Attributed):
    """What somebody thinks of what a memory says; no opinion once they took it back.

    Each person has one, and one more for each entity (`user:alex`) that keys of theirs are bound to: an application
    gives these to its users. `hash` is that of the text that was judged: of another text, it says nothing.
    """

    memory = TenantForeignKey(Memory)
    bound_to = models.CharField(max_length=300, blank=True, default="")
    opinion = models.CharField(max_length=16, choices=Opinion, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    hash = models.CharField(max_length=32)
    given_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "feedback"
        constraints = [
            models.UniqueConstraint(fields=["project", "memory", "actor_id", "bound_to"], name="feedback_once")
        ]

    def __str__(self) -> str:
        return f"{self.opinion} of {self.memory_id}"
