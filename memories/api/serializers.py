"""What requests may ask. Values are checked here; what they mean is decided elsewhere."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from memories.api.fields import (
    CategoriesField,
    ClearableDateField,
    EntityIdField,
    MessagesField,
    MetadataField,
    TimestampField,
)
from memories.scope import Scope
from memories.services.accepting import AddRequest

MAX_QUERY = 8_000
MAX_INSTRUCTIONS = 10_000
MAX_TOP_K = 1_000
STEERING = ("custom_instructions", "agent_custom_instructions", "includes", "excludes", "custom_categories")


class _Input(serializers.Serializer[Any]):
    """Reads only: nothing is created or updated through it."""


class ScopeInput(_Input):
    """The four entity ids, at the top level of a request."""

    user_id = EntityIdField()
    agent_id = EntityIdField()
    app_id = EntityIdField()
    run_id = EntityIdField()

    def scope(self) -> Scope:
        """Returns the ids that were given."""
        return Scope(**{name: self.validated_data.get(name) for name in ("user_id", "agent_id", "app_id", "run_id")})


class AddInput(ScopeInput):
    """The parameters of an add (contract.md §5.1, §5.7). Unknown ones are ignored."""

    messages = MessagesField()
    metadata = MetadataField(required=False)
    infer = serializers.BooleanField(default=True)
    immutable = serializers.BooleanField(default=False)
    async_mode = serializers.BooleanField(default=True)
    expiration_date = serializers.DateField(required=False)
    timestamp = TimestampField(required=False)
    custom_instructions = serializers.CharField(required=False, max_length=MAX_INSTRUCTIONS)
    agent_custom_instructions = serializers.CharField(required=False, max_length=MAX_INSTRUCTIONS)
    includes = serializers.CharField(required=False, max_length=MAX_INSTRUCTIONS)
    excludes = serializers.CharField(required=False, max_length=MAX_INSTRUCTIONS)
    custom_categories = CategoriesField(required=False)
    output_format = serializers.CharField(required=False, max_length=16)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuses an add that is about nobody."""
        if not any(attrs.get(name) for name in ("user_id", "agent_id", "app_id", "run_id")):
            raise serializers.ValidationError("At least one of user_id, agent_id, app_id and run_id is required.")
        return attrs

    def add_request(self) -> AddRequest:
        """Returns the request that these parameters make."""
        given = self.validated_data
        return AddRequest(
            scope=self.scope(),
            messages=given["messages"],
            infer=given["infer"],
            metadata=given.get("metadata"),
            immutable=given["immutable"],
            expires_on=given.get("expiration_date"),
            said_at=given.get("timestamp"),
            options={name: given[name] for name in STEERING if name in given},
        )


@extend_schema_field({"type": "object", "example": {"user_id": "alex"}})
class FiltersField(serializers.JSONField):
    """The filters of a request, for its description: `memories.retrieval.filters` reads them."""


class VisibilityInput(_Input):
    """What lists and searches show (contract.md §14)."""

    filters = FiltersField(required=False)
    show_expired = serializers.BooleanField(default=False)
    include_superseded = serializers.BooleanField(default=False)
    fields_ = serializers.ListField(child=serializers.CharField(max_length=64), required=False, max_length=50)

    def get_fields(self) -> dict[str, Any]:
        """Gives `fields` its wire name, which is taken in Python."""
        fields = super().get_fields()
        fields["fields"] = fields.pop("fields_")
        return fields


class SearchInput(VisibilityInput):
    """The parameters of a search beside its filters (contract.md §5.9)."""

    query = serializers.CharField(max_length=MAX_QUERY)
    top_k = serializers.IntegerField(default=10, min_value=1, max_value=MAX_TOP_K)
    threshold = serializers.FloatField(default=0.1, min_value=0, max_value=1)


class EditInput(_Input):
    """The parameters of an update; at least one is needed (contract.md §5.11)."""

    text = serializers.CharField(required=False, max_length=10_000)
    metadata = MetadataField(required=False)
    timestamp = TimestampField(required=False)
    expiration_date = ClearableDateField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuses an update of nothing."""
        if not attrs:
            raise serializers.ValidationError("One of text, metadata, timestamp and expiration_date is required.")
        return attrs


class EventsInput(_Input):
    """How a list of events may be narrowed (contract.md §8)."""

    event_type = serializers.CharField(required=False, max_length=32)
    status = serializers.CharField(required=False, max_length=16)
    start_date = serializers.CharField(required=False, max_length=64)
    end_date = serializers.CharField(required=False, max_length=64)
