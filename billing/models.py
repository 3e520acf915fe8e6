"""The ledger of usage (reliability.md §2.15)."""

from django.db import models
from django.utils import timezone

from loci.tenancy.models import ProjectTable


class UsageEntry(ProjectTable):
    """Units of one meter, written in the commit that did the work. Rows are only ever added."""

    meter = models.CharField(max_length=32)
    source = models.UUIDField()
    quantity = models.PositiveIntegerField()
    occurred_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "usage_entry"
        constraints = [models.UniqueConstraint(fields=["project", "meter", "source"], name="usage_entry_once")]

    def __str__(self) -> str:
        return f"{self.quantity} {self.meter}"
