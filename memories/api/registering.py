"""Entities that the application introduces itself (contract.md §6.6)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request

from loci.http.aliases import normalise
from loci.http.parser import body_of
from loci.tenancy.context import tenant_tx
from memories.api.answers.entities import MadeEntityAnswer
from memories.api.serializers import AgentInput, AppInput, RegistrationInput, RunInput, UserInput
from memories.api.wire import registration_json
from memories.models import Entity
from memories.scope import EntityType
from memories.services.entities import register_entity
from orgs.api.base import ProjectView
from orgs.models import Project


class RegistrationView(ProjectView):
    """Keeps a name and metadata of an entity, which is then listed also without a memory.

    One that exists already gets what is given, and keeps the rest.
    """

    scopes: ClassVar[Mapping[str, str]] = {"POST": "memories:write"}
    kind: ClassVar[EntityType]
    parameters: ClassVar[type[RegistrationInput]]

    def post(self, request: Request) -> HttpResponse:
        """Answers with 201 and the entity, whether it was known or not."""
        given = self.parameters(data=normalise(body_of(request)))
        given.is_valid(raise_exception=True)
        name: str = given.validated_data[f"{self.kind}_id"]
        self.log.entity = f"{self.kind}:{name}"
        return self.once(
            lambda: self._register(name, given.validated_data), self._answer, about=lambda entity: entity.id, status=201
        )

    def _register(self, name: str, given: Mapping[str, Any]) -> Entity:
        with tenant_tx(self.tenant):
            return register_entity(self.kind, name, display_name=given.get("name"), metadata=given.get("metadata"))

    def _answer(self, entity: Entity) -> dict[str, Any]:
        with tenant_tx(self.tenant):
            number = Project.objects.values_list("number", flat=True).get(id=self.tenant.project_id)
        return registration_json(entity, number)


def _described(what: str, parameters: type[RegistrationInput]) -> Any:
    return extend_schema_view(
        post=extend_schema(
            summary=f"Register {what}",
            description="What is given replaces what was kept of one that exists already; the rest stays.",
            request=parameters,
            responses={201: MadeEntityAnswer},
            tags=["entities"],
        )
    )


@_described("a user", UserInput)
class UsersView(RegistrationView):
    """Users."""

    kind = EntityType.USER
    parameters = UserInput


@_described("an agent", AgentInput)
class AgentsView(RegistrationView):
    """Agents."""

    kind = EntityType.AGENT
    parameters = AgentInput


@_described("an app", AppInput)
class AppsView(RegistrationView):
    """Apps."""

    kind = EntityType.APP
    parameters = AppInput


@_described("a run", RunInput)
class RunsView(RegistrationView):
    """Runs."""

    kind = EntityType.RUN
    parameters = RunInput
