"""Who memories are about, and what is known of them."""

from django.db import models
from django.utils import timezone

from loci.tenancy.models import ProjectTable, TenantForeignKey
from memories.models.memories import Memory
from memories.scope import EntityType


class Entity(ProjectTable):
    """A user, agent, app or run that memories are about. `number` is its id on the wire.

    `name` is the id that the application uses, `display_name` what people call it, where the application said so.
    """

    type = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in EntityType])
    name = models.CharField(max_length=256)
    number = models.BigIntegerField(db_default=models.Func(models.Value("entity_number"), function="nextval"))
    display_name = models.CharField(max_length=256, blank=True, default="", db_default="")
    metadata = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "entity"
        constraints = [
            models.UniqueConstraint(fields=["project", "type", "name"], name="entity_once"),
            models.UniqueConstraint(fields=["project", "number"], name="entity_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.type}:{self.name}"


class Attribute(ProjectTable):
    """A structured fact of an entity: one current value per key, and the memory that says so."""

    entity = TenantForeignKey(Entity)
    key = models.CharField(max_length=100)
    value = models.TextField()
    memory = TenantForeignKey(Memory)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "attribute"
        constraints = [models.UniqueConstraint(fields=["project", "entity", "key"], name="attribute_once")]
        indexes = [models.Index(fields=["project", "memory"], name="attribute_memory")]

    def __str__(self) -> str:
        return f"{self.key} of {self.entity_id}"
