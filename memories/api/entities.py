"""Users, agents, apps and runs (contract.md §6)."""

from collections.abc import Mapping
from typing import ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from loci.errors import DomainError
from loci.http.pagination import PAGING, Pages
from loci.tenancy.context import tenant_tx
from memories.api.fields import EntityIdField
from memories.api.memories import DELETING
from memories.api.waiting import run_if_free
from memories.api.wire import entity_json
from memories.queries import entities, memory_counts, totals
from memories.scope import EntityType
from memories.services.deleting import accept_erasure
from orgs.api.base import ProjectView
from workers.tasks.delete import DELETE

INVALID_TYPE = "Invalid entity type"


class EntitiesView(ProjectView):
    """All entities of the project."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "memories:read"}

    @extend_schema(parameters=PAGING, summary="List entities", responses=OpenApiTypes.OBJECT, tags=["entities"])
    def get(self, request: Request) -> Response:
        """Answers with one page and with totals by type."""
        pages = Pages()
        with tenant_tx(self.tenant):
            page = pages.paginate_queryset(entities(), request, view=self) or []
            counts, by_type = memory_counts(page), totals()
        response = pages.get_paginated_response([entity_json(entity, counts.get(entity.id, 0)) for entity in page])
        response.data.update({f"total_{kind}s": count for kind, count in by_type.items()})
        return response


class EntityView(ProjectView):
    """One entity by its name."""

    scopes: ClassVar[Mapping[str, str]] = {"DELETE": "entities:delete"}

    @extend_schema(summary="Erase an entity", responses=OpenApiTypes.OBJECT, tags=["entities"])
    def delete(self, _request: Request, entity_type: str, entity_name: str) -> Response:
        """Erases the entity, its memories and what they were made from; an unknown one is gone already."""
        if entity_type not in list(EntityType):
            raise DomainError(INVALID_TYPE, body={"message": INVALID_TYPE})
        name = EntityIdField().run_validation(entity_name)
        accepted = accept_erasure(self.tenant, EntityType(entity_type), name)
        run_if_free(DELETE, self.tenant, accepted)
        return Response({"message": DELETING, "event_id": str(accepted.event_id)})
