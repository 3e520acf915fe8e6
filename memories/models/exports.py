"""What somebody asked to take away (contract.md §9.1, §9.2)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from loci.tenancy.models import TenantForeignKey
from memories.models.base import Scoped
from memories.models.events import Event


class ExportFormat(models.TextChoices):
    """An object that fits a schema of the application's own, or a file of all that there is."""

    SCHEMA = "schema"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


class ExportMethod(models.TextChoices):
    """Who filled a schema: a language model, or rules that map attributes, categories and texts onto its fields."""

    LLM = "llm"
    DETERMINISTIC = "deterministic"


class Export(Scoped):
    """An export, under the id of its event, until it expires. Its content are blobs of that event.

    The entity ids are those that everything in it belongs to, where its filters name such. `asked` is the request, with
    filters of which `filters_hash` is made. `count` is how many memories it is made of, `removed` how many were deleted
    since and taken out of a file. `last_ids` are the last memory in each of a file's first parts: memories stand in the
    order of their ids.
    `size` and `sha256` are those of the file as it is downloaded, and unknown until it is whole.
    """

    event = TenantForeignKey(Event)
    format = models.CharField(max_length=16, choices=ExportFormat)
    asked = models.JSONField(default=dict)
    filters_hash = models.CharField(max_length=64)
    method = models.CharField(max_length=16, choices=ExportMethod, blank=True, default="")
    count = models.BigIntegerField(default=0)
    removed = models.BigIntegerField(default=0)
    last_ids = ArrayField(models.UUIDField(), default=list)
    size = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "export"
        indexes = [
            models.Index(fields=["project", "filters_hash", "created_at"], name="export_newest"),
            models.Index(fields=["project", "expires_at"], name="export_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.format} {self.id}"
