"""What exports are answered with (contract.md §9.1, §9.2)."""

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from memories.api.answers import examples
from memories.api.answers.base import Answer, MessageAnswer
from memories.api.description import example
from memories.models import EventStatus, ExportFormat, ExportMethod

NDJSON = "application/x-ndjson"


@example(examples.EXPORT_ACCEPTED)
class ExportAcceptedAnswer(MessageAnswer):
    """An export that is being made."""

    id = serializers.UUIDField(help_text="Of the export, and of its event.")


@extend_schema_serializer(
    examples=[
        OpenApiExample("Ready", value=examples.EXPORTED),
        OpenApiExample("Not ready yet", value=examples.EXPORT_PENDING),
    ]
)
class ExportAnswer(Answer):
    """The object that fits the schema: its keys are the schema's own."""

    status = serializers.JSONField(required=False, help_text="PENDING for an export that is not ready yet.")
    message = serializers.JSONField(required=False, help_text="For one that is not ready, that it is so.")


class FileAnswer(Answer):
    """One line of a file of JSON lines: a memory object, a message or an entity."""

    record = serializers.ChoiceField(choices=["memory", "message", "entity"])


@example(examples.EXPORT)
class ExportStatusAnswer(Answer):
    """How far an export is, and what there is to take away."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=EventStatus.values)
    format = serializers.ChoiceField(choices=ExportFormat.values)
    method = serializers.ChoiceField(
        choices=ExportMethod.values, allow_null=True, help_text="Who filled the schema: a language model, or rules."
    )
    count = serializers.IntegerField(min_value=0, help_text="The memories that it is made of.")
    removed = serializers.IntegerField(
        min_value=0, help_text="The memories that were deleted since, and taken out of the file."
    )
    size = serializers.IntegerField(
        allow_null=True, help_text="Bytes of the file; null until it is done, and once something was taken out."
    )
    sha256 = serializers.CharField(allow_null=True, help_text="Of the file; null where the size is.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="From then on it is not found any more.")
    error = serializers.CharField(allow_null=True, help_text="Why it failed.")
    download = serializers.CharField(allow_null=True, help_text="Where the file is, once it is done.")
