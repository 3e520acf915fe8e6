"""What is known of an entity by key: all of it, or one key with its history."""

from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loci.http.aliases import query_parameters
from loci.tenancy.context import tenant_tx
from memories.api.address_parameters import ATTRIBUTE_KEY, ENTITY_NAME, ENTITY_TYPE
from memories.api.answers.entities import AttributeAnswer, AttributesAnswer
from memories.api.entity_names import read_type
from memories.api.fields import MAX_PROPERTY_NAME, EntityIdField
from memories.api.parameters import NamesField
from memories.api.serializers import Input
from memories.api.wire import attribute_json, told_json
from memories.attributes import current_attributes, entity_of, history_of_attribute
from memories.models import Entity
from orgs.api.base import ProjectView

NOTHING_KNOWN = dict.fromkeys(("value", "memory_id", "memory", "updated_at", "valid_from"))


class KeyField(serializers.CharField):
    """An attribute's key, or the beginning of one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MAX_PROPERTY_NAME, **options)


class KeysField(NamesField):
    """Keys, with commas between."""

    child = KeyField()


class AttributesInput(Input):
    """Which attributes are wanted; all of them by default."""

    keys = KeysField(required=False, help_text="Only these keys, with commas between.")
    prefix = KeyField(required=False, help_text="Only keys that begin so: `preference.` for all preferences.")


class _AttributesView(ProjectView):
    scopes: ClassVar[Mapping[str, str]] = {"GET": "memories:read"}
    for_bound_keys = frozenset({"GET"})

    def entity(self, entity_type: str, entity_name: str) -> Entity:
        """Returns the entity, inside a `tenant_tx`; raises `NotFound`, and `DomainError` for what can be none."""
        kind, name = read_type(entity_type), EntityIdField().run_validation(entity_name)
        self.log.entity = f"{kind}:{name}"
        return entity_of(kind, name)


class AttributesView(_AttributesView):
    """The attributes of an entity."""

    operations: ClassVar[Mapping[str, str]] = {"GET": "GET_ALL"}

    @extend_schema(
        summary="List an entity's attributes",
        description=(
            "What is known of the entity by key: one current value each, and the memory that says so. A value that the"
            " memory no longer gives, since its text was changed through the API, is null."
        ),
        parameters=[ENTITY_TYPE, ENTITY_NAME, AttributesInput],
        responses=AttributesAnswer,
        tags=["entities"],
    )
    def get(self, request: Request, entity_type: str, entity_name: str) -> Response:
        """Answers with the attributes in the order of their keys; 404 for an unknown entity."""
        given = AttributesInput(data=query_parameters(request.query_params, lists=("keys",)))
        given.is_valid(raise_exception=True)
        with tenant_tx(self.tenant):
            entity = self.entity(entity_type, entity_name)
            found = current_attributes(entity, **given.validated_data)
        self.log.memory_ids = [attribute.memory_id for attribute, _ in found]
        return Response({**_which(entity), "attributes": [attribute_json(*each) for each in found]})


class AttributeView(_AttributesView):
    """One attribute of an entity."""

    operations: ClassVar[Mapping[str, str]] = {"GET": "GET"}

    @extend_schema(
        summary="Get an attribute of an entity",
        description="Its current value, and every value that it had, oldest first. Deleted memories leave none.",
        parameters=[ENTITY_TYPE, ENTITY_NAME, ATTRIBUTE_KEY],
        responses=AttributeAnswer,
        tags=["entities"],
    )
    def get(self, _request: Request, entity_type: str, entity_name: str, key: str) -> Response:
        """Answers with the attribute and its history; 404 for one of which nothing was ever said."""
        wanted = KeyField(trim_whitespace=False).run_validation(key)
        with tenant_tx(self.tenant):
            entity = self.entity(entity_type, entity_name)
            history = history_of_attribute(entity, wanted)
            found = current_attributes(entity, keys=[wanted])
        now = attribute_json(*found[0]) if found else {"key": wanted, **NOTHING_KNOWN}
        self.log.memory_ids = list(dict.fromkeys(told.memory_id for told in history))
        return Response({**_which(entity), **now, "history": [told_json(told) for told in history]})


def _which(entity: Entity) -> dict[str, str]:
    return {"entity_type": entity.type, "entity_id": entity.name}
