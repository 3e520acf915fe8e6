"""What is answered about profiles (contract.md §12)."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from memories.api.answers import examples
from memories.api.answers.base import Answer
from memories.api.description import example
from memories.lifecycle.summaries import Method
from memories.models import ProfileJobStatus, ProfileOperation, ProfileStatus

NOT_ENABLED = "not_enabled"


@extend_schema_field(OpenApiTypes.OBJECT)
class _ObjectField(serializers.JSONField):
    """An object of the application's own form."""


@example(examples.PROFILE)
class ProfileAnswer(Answer):
    """What is known of a user, in the form of the project's schema."""

    profile = _ObjectField(help_text="Empty where there is none; its names are those of the schema.")
    status = serializers.ChoiceField(
        choices=[*ProfileStatus.values, NOT_ENABLED],
        help_text="`pending`: it was asked for, or was never generated, or a memory of it was deleted since."
        " `insufficient_data`: nothing is known that the schema asks for, or not all that it requires.",
    )
    entity_type = serializers.ChoiceField(choices=["user"])
    entity_id = serializers.CharField()
    updated_at = serializers.DateTimeField(allow_null=True, help_text="When it was last generated.")
    generation_count = serializers.IntegerField(min_value=0, help_text="How often it was generated.")
    error = serializers.CharField(allow_null=True, help_text="Why the last generation has made none.")


class _JobAnswer(Answer):
    status = serializers.ChoiceField(choices=ProfileJobStatus.values)
    operation = serializers.ChoiceField(choices=ProfileOperation.values)
    entity_type = serializers.ChoiceField(choices=["user"])


@example(examples.PROFILE_JOB_STARTED)
class ProfileJobStartedAnswer(_JobAnswer):
    """A generation that was accepted."""

    job_id = serializers.UUIDField()
    status_url = serializers.CharField(help_text="The path under which it is followed.")
    entity_count_reserved = serializers.IntegerField(min_value=0, help_text="Of how many users it is.")
    event_id = serializers.UUIDField(allow_null=True, help_text="Always null: a generation is no event.")
    replayed = serializers.BooleanField(help_text="Whether an earlier request with this Idempotency-Key started it.")
    sampled = serializers.IntegerField(required=False, min_value=0, help_text="Of a sample: how many users.")
    entity_ids = serializers.ListField(
        required=False, child=serializers.CharField(), help_text="Of a sample: the ids of its users."
    )


class ProfileJobBody(_JobAnswer):
    """How far a generation is."""

    id = serializers.UUIDField()
    total = serializers.IntegerField(min_value=0, allow_null=True)
    enumeration_complete = serializers.BooleanField(help_text="Whether `total` is known.")
    completed = serializers.IntegerField(min_value=0, help_text="The next three together.")
    succeeded = serializers.IntegerField(min_value=0)
    failed = serializers.IntegerField(min_value=0)
    skipped = serializers.IntegerField(min_value=0, help_text="Of whom too little is known, or who are gone.")


@example(examples.PROFILE_JOB)
class ProfileJobAnswer(Answer):
    """A generation."""

    job = ProfileJobBody()


class UserProfileSettingsAnswer(Answer):
    """What profiles of users look like."""

    schema = _ObjectField(allow_null=True, help_text="Null where it is Loci's own.")
    custom_instructions = serializers.CharField(allow_null=True)


class EntityProfileSettingsAnswer(Answer):
    """By type of entity."""

    user = UserProfileSettingsAnswer()


class CapabilitiesAnswer(Answer):
    """What this server does."""

    method = serializers.ChoiceField(choices=list(Method), help_text="Whether a model generates profiles.")
    sample_limit = serializers.IntegerField(help_text="The most users of a sample.")
    sample_pause_seconds = serializers.IntegerField(help_text="Between the starts of two samples.")


@example(examples.PROFILE_SETTINGS)
class ProfileSettingsAnswer(Answer):
    """The project's settings of profiles."""

    enabled = serializers.BooleanField()
    entities = EntityProfileSettingsAnswer()
    capabilities = CapabilitiesAnswer()
