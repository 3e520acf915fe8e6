"""Users, agents, apps and runs: the list, one of them, and its erasure (contract.md §6.1 to §6.5)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import Q
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from loci.errors import NotFound
from loci.http.pagination import Pages
from loci.tenancy.context import tenant_tx
from memories.api.address_parameters import ENTITY_ID, ENTITY_NUMBER, ENTITY_TYPE
from memories.api.answers.entities import EntitiesPageAnswer, EntityAnswer, FiltersAnswer
from memories.api.answers.memories import DeletingAnswer
from memories.api.entity_names import read_name, read_number, read_type
from memories.api.memories import DELETING
from memories.api.waiting import run_if_free
from memories.api.wire import entity_json
from memories.models import Entity, EventType
from memories.overview import categories_in_use, entities, entity_totals, memory_counts, newest_names
from memories.scope import EntityType
from memories.services.accepting import Accepted
from memories.services.deleting import accept_erasure
from orgs import audit
from orgs.api.base import ProjectView
from workers.tasks.delete import DELETE

NO_SUCH_ENTITY = "Entity not found"

Json = dict[str, Any]


class EntityPages(Pages):
    """Pages of 1,000: clients that erase all users erase those of the one page that they ask for (contract.md §6.1)."""

    page_size = 1000
    max_page_size = 1000


class _EntityAnswers(ProjectView):
    def described(self, found: Sequence[Entity]) -> list[Json]:
        """Returns the entity objects, inside a `tenant_tx`."""
        counts = memory_counts(found)
        return [entity_json(entity, counts.get(entity.id, 0), self.caller) for entity in found]

    def one(self, kind: EntityType, which: Q) -> Response:
        """Answers with the list of the entities that `which` finds; raises `NotFound`."""
        with tenant_tx(self.tenant):
            found = list(entities().filter(which, type=kind))
            if not found:
                raise NotFound(NO_SUCH_ENTITY, body={"message": NO_SUCH_ENTITY})
            self.log.entity = str(found[0])
            return Response(self.described(found))

    def erase(self, kind: EntityType, name: str) -> HttpResponse:
        """Erases the entity of this name, and answers with the event of it."""
        self.log.entity = f"{kind}:{name}"
        return self.once(
            lambda: self._accept(kind, name),
            _deleting,
            then=lambda accepted: run_if_free(DELETE, self.tenant, accepted),
        )

    def _accept(self, kind: EntityType, name: str) -> Accepted:
        with tenant_tx(self.tenant):
            # By its number: the name is to be forgotten, and an entity that nobody knew has none.
            number = entities().filter(type=kind, name=name).values_list("number", flat=True).first()
            accepted = accept_erasure(self.tenant, kind, name)
            audit.record(self.caller, "entity.delete", str(kind), number or "", event_id=str(accepted.event_id))
            return accepted


class EntitiesView(_EntityAnswers):
    """All entities of the project."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "memories:read"}

    @extend_schema(
        summary="List entities",
        description="Entities in the order in which they appeared, in pages of 1,000, with totals by type.",
        parameters=EntityPages.parameters(),
        responses=EntitiesPageAnswer,
        tags=["entities"],
    )
    def get(self, request: Request) -> Response:
        """Answers with one page and with totals by type."""
        pages = EntityPages()
        with tenant_tx(self.tenant):
            page = pages.paginate_queryset(entities(), request, view=self) or []
            rows, by_type = self.described(page), entity_totals()
        response = pages.get_paginated_response(rows)
        response.data.update({f"total_{kind}s": count for kind, count in by_type.items()})
        return response


class NumberedEntityView(_EntityAnswers):
    """One entity by the id of its object, a number; to read, also by its name (contract.md §6.2, §6.4)."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "memories:read", "DELETE": "entities:delete"}

    @extend_schema(
        summary="Get an entity by its number or name",
        description="The entities whose `id` or `name` this is: two where one is named like the number of another.",
        parameters=[ENTITY_TYPE, ENTITY_ID],
        responses=EntityAnswer(many=True),
        tags=["entities"],
        deprecated=True,
    )
    def get(self, request: Request, entity_type: str, entity_id: str) -> Response:
        """Answers with a list of one or two entity objects; 404 for none."""
        wanted, which = read_type(entity_type), Q(name=read_name(request, entity_id))
        if entity_id.isascii() and entity_id.isdecimal():
            which |= Q(number=read_number(entity_id))
        return self.one(wanted, which)

    @extend_schema(
        summary="Erase an entity by its number",
        description="Erases the entity, its memories and what they were made from. An unknown one is gone already.",
        parameters=[ENTITY_TYPE, ENTITY_NUMBER],
        responses=DeletingAnswer,
        tags=["entities"],
        deprecated=True,
    )
    def delete(self, _request: Request, entity_type: str, entity_id: str) -> HttpResponse:
        """Erases the entity of this number and type."""
        wanted, number = read_type(entity_type), read_number(entity_id)
        with tenant_tx(self.tenant):
            found = entities().filter(type=wanted, number=number).first()
        # Nobody has the empty name: its erasure finds nothing, and has an event like any other.
        return self.erase(wanted, found.name if found else "")


class EntityView(_EntityAnswers):
    """One entity by its name (contract.md §6.3, §6.4)."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "memories:read", "DELETE": "entities:delete"}

    @extend_schema(
        summary="Get an entity",
        description="A list that holds the entity.",
        parameters=[ENTITY_TYPE, ENTITY_ID],
        responses=EntityAnswer(many=True),
        tags=["entities"],
    )
    def get(self, request: Request, entity_type: str, entity_id: str) -> Response:
        """Answers with a list of one entity object; 404 for none."""
        return self.one(read_type(entity_type), Q(name=read_name(request, entity_id)))

    @extend_schema(
        summary="Erase an entity",
        description="Erases the entity, its memories and what they were made from. An unknown one is gone already.",
        parameters=[ENTITY_TYPE, ENTITY_ID],
        responses=DeletingAnswer,
        tags=["entities"],
    )
    def delete(self, request: Request, entity_type: str, entity_id: str) -> HttpResponse:
        """Erases the entity of this name."""
        return self.erase(read_type(entity_type), read_name(request, entity_id))


class EntityFiltersView(ProjectView):
    """By what a user interface can narrow its lists."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "memories:read"}

    @extend_schema(
        summary="List what can be filtered by",
        description="Event types, categories in use, the newest 1,000 names of each type, and a form field for each.",
        responses=FiltersAnswer,
        tags=["entities"],
    )
    def get(self, _request: Request) -> Response:
        """Answers with the project's own values (contract.md §6.5)."""
        with tenant_tx(self.tenant):
            names, categories = newest_names(), categories_in_use()
        fields = [_field(f"{kind}_id", str(kind).capitalize(), names[kind]) for kind in EntityType]
        fields += [_field("categories", "Categories", categories), _field("event_type", "Event type", EventType.values)]
        fields += [_field("start_date", "From"), _field("end_date", "To")]
        return Response(
            {
                "event_type": EventType.values,
                "categories": categories,
                "users": names[EntityType.USER],
                "parameters": fields,
            }
        )


def _deleting(accepted: Accepted) -> Json:
    return {"message": DELETING, "event_id": str(accepted.event_id)}


def _field(name: str, label: str, values: Iterable[str] | None = None) -> Json:
    """A field of a form: to choose from values, or for a date where there are none to choose from."""
    return {
        "name": name,
        "label": label,
        "type": "date" if values is None else "select",
        "placeholder": "YYYY-MM-DD" if values is None else "All",
        "options": [{"value": value, "label": value} for value in values or ()],
    }
