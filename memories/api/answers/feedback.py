"""What feedback is answered with (contract.md §9.4)."""

from rest_framework import serializers

from memories.api.answers import examples
from memories.api.answers.base import Answer
from memories.api.description import example
from memories.models import Opinion


@example(examples.FEEDBACK)
class FeedbackAnswer(Answer):
    """What the caller thinks of a memory now."""

    id = serializers.UUIDField(help_text="Of the caller's feedback on this memory: it stays the same.")
    feedback = serializers.ChoiceField(choices=Opinion.values, allow_null=True)
    feedback_reason = serializers.CharField(allow_null=True)
