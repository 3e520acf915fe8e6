"""What adds answer with (contract.md §3.2, §5.1, §5.7)."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema_serializer
from rest_framework import serializers

from memories.api.answers import examples
from memories.api.answers.base import Answer, RelationsAnswer
from memories.api.description import example, one_of
from memories.models import EventStatus


class TextAnswer(Answer):
    """The text once more, where clients of 2025 look for it."""

    memory = serializers.CharField()


@example(examples.RESULT)
class ResultAnswer(Answer):
    """What an add did to one memory (contract.md §3.2)."""

    id = serializers.UUIDField()
    event = serializers.ChoiceField(choices=["ADD", "UPDATE", "DELETE", "NOOP"])
    memory = serializers.CharField(allow_null=True)
    data = TextAnswer()  # type: ignore[assignment]  # the wire's name, which serializers have for another use
    previous_memory = serializers.CharField(allow_null=True, required=False)
    old_memory = serializers.CharField(allow_null=True, required=False)


@example(examples.QUEUED)
class QueuedAnswer(Answer):
    """An add that is still to be done: its event tells what became of it."""

    message = serializers.CharField()
    status = serializers.ChoiceField(choices=EventStatus.values)
    event_id = serializers.UUIDField()


@extend_schema_serializer(
    examples=[
        OpenApiExample("Queued", value={**examples.QUEUED, "results": []}),
        OpenApiExample("Done", value=examples.STORED),
    ]
)
class AddAnswer(QueuedAnswer):
    """An add that is queued, done or failed (contract.md §5.7)."""

    results = ResultAnswer(many=True, help_text="Empty while it is queued.")
    error = serializers.CharField(required=False, help_text="Why it failed.")


class AddedV1Answer(ResultAnswer, QueuedAnswer):
    """An item of a v1 add: one that is queued has `message`, `status` and `event_id`, a result the other keys."""

    def get_fields(self) -> dict[str, Any]:
        """Makes every key optional."""
        fields = super().get_fields()
        for field in fields.values():
            field.required = False
        return fields


@example({"results": [examples.QUEUED], "relations": []})
class AddedWithRelationsAnswer(RelationsAnswer):
    """A v1 add in `output_format` v1.1."""

    results = AddedV1Answer(many=True)


ADD_V1 = OpenApiResponse(
    one_of("AddV1Answer", AddedV1Answer(many=True), AddedWithRelationsAnswer),
    examples=[
        OpenApiExample("Queued", value=[examples.QUEUED]),
        OpenApiExample("Done", value=[examples.RESULT]),
        OpenApiExample("output_format v1.1", value={"results": [examples.QUEUED], "relations": []}),
    ],
)
"""A bare list, or `output_format` v1.1."""
