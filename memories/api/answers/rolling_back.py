"""What rollbacks answer with."""

from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

from memories.api.answers import examples
from memories.api.answers.base import Answer, MessageAnswer
from memories.api.description import example, one_of


@example(examples.ROLLING_BACK)
class RollingBackAnswer(MessageAnswer):
    """A rollback that goes on in the background: its event tells when it is done."""

    event_id = serializers.UUIDField()


@example(examples.ROLLBACK_PREVIEW)
class RollbackPreviewAnswer(Answer):
    """What a rollback would change."""

    dry_run = serializers.BooleanField()
    statements = serializers.IntegerField(min_value=0, help_text="What the source said, each time counted.")
    forgotten = serializers.IntegerField(min_value=0, help_text="Memories that came from it alone.")
    restored = serializers.IntegerField(min_value=0, help_text="Memories of which others said something, too.")
    discarded = serializers.IntegerField(min_value=0, help_text="Facts that wait in the quarantine.")


RollbackAnswer = OpenApiResponse(
    one_of("RollbackAnswer", RollingBackAnswer, RollbackPreviewAnswer),
    examples=[
        OpenApiExample("Rolling back", value=examples.ROLLING_BACK),
        OpenApiExample("A dry run", value=examples.ROLLBACK_PREVIEW),
    ],
)
