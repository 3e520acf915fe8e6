"""Parts of many answers."""

from typing import Any

from rest_framework import serializers

from memories.api.description import example


class Answer(serializers.Serializer[Any]):
    """Describes an answer: nothing is read or written through it. What is answered may have more keys."""


class WhoAnswer(Answer):
    """The entities that something is about."""

    user_id = serializers.CharField(allow_null=True)
    agent_id = serializers.CharField(allow_null=True)
    app_id = serializers.CharField(allow_null=True)
    run_id = serializers.CharField(allow_null=True)
    session_id = serializers.CharField(allow_null=True, help_text="The same as `run_id`, for older clients.")


class PageAnswer(Answer):
    """One page of a list."""

    count = serializers.IntegerField(min_value=0, help_text="Of all pages together.")
    next = serializers.URLField(allow_null=True, help_text="Address of the next page.")
    previous = serializers.URLField(allow_null=True, help_text="Address of the page before.")


class RelationsAnswer(Answer):
    """`output_format` v1.1."""

    relations = serializers.ListField(child=serializers.DictField(), help_text="Always empty.")


@example({"message": "Memory deleted successfully!"})
class MessageAnswer(Answer):
    """What was done, in a sentence."""

    message = serializers.CharField()
