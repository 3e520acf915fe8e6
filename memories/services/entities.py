"""An entity is introduced by the application itself, before or beside what is remembered of it (contract.md §6.6)."""

from typing import Any

from django.utils import timezone

from memories.models import Entity
from memories.scope import EntityType


def register_entity(
    kind: EntityType, name: str, *, display_name: str | None = None, metadata: dict[str, Any] | None = None
) -> Entity:
    """Returns the entity, new or as it is now, inside the caller's `tenant_tx`.

    What is given replaces what was kept of one that exists; what is None stays.
    """
    now = timezone.now()
    given = {"display_name": display_name, "metadata": metadata, "updated_at": now}
    kept = {column: value for column, value in given.items() if value is not None}
    entity: Entity = Entity.objects.update_or_create(
        type=kind, name=name, defaults=kept, create_defaults={**kept, "created_at": now}
    )[0]
    return entity
