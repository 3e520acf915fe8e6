"""What searches of large projects know beforehand."""

from django.db import models
from django.utils import timezone

from loci.tenancy.models import ProjectTable

MAX_TERM = 64


class TermStatistic(ProjectTable):
    """How many memories of a large project hold a term, as `manage.py maintain` last counted them.

    Terms of few memories are left out: they would be most of the table, and might tell of a person who was erased.
    """

    term = models.CharField(max_length=MAX_TERM)
    documents = models.PositiveIntegerField()

    class Meta:
        db_table = "term_statistic"
        constraints = [models.UniqueConstraint(fields=["project", "term"], name="term_statistic_once")]

    def __str__(self) -> str:
        return str(self.id)


class SearchIndex(models.Model):
    """What `manage.py maintain` last saw of a project with more memories than are searched one by one.

    `ready` says that it has indexes of its own: of the terms, and of the vectors of `embedding_model`, which have
    `dimensions` numbers. Only the owner of the schema may write it.
    """

    project_id = models.UUIDField(primary_key=True)
    public_id = models.CharField(max_length=64)
    memories = models.PositiveIntegerField()
    embedding_model = models.CharField(max_length=100)
    dimensions = models.PositiveIntegerField()
    ready = models.BooleanField(default=False)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "search_index"

    def __str__(self) -> str:
        return str(self.project_id)
