"""What a summary is answered with (contract.md §9.3)."""

from rest_framework import serializers

from memories.api.answers import examples
from memories.api.answers.base import Answer
from memories.api.description import example
from memories.lifecycle.summaries import Method


@example(examples.SUMMARY)
class SummaryAnswer(Answer):
    """The summary, and what it is of."""

    summary = serializers.CharField(help_text="Empty where nothing is remembered.")
    method = serializers.ChoiceField(
        choices=list(Method), help_text="Whether a model wrote it, or memories were put together as they are."
    )
    memories = serializers.IntegerField(min_value=0, help_text="How many memories the filters find.")
    covered = serializers.IntegerField(
        min_value=0, help_text="How many of these the summary is of: the most important and newest that fit."
    )
    created_at = serializers.DateTimeField(help_text="When it was made: the same until a memory or a setting changes.")
