"""Facts that wait for a decision, and what became of them."""

from rest_framework import serializers

from memories.api.answers import examples
from memories.api.answers.adds import ResultAnswer
from memories.api.answers.base import Answer, MessageAnswer, PageAnswer
from memories.api.description import example
from memories.models import Trust
from memories.screening import Flag


@example(examples.QUARANTINED)
class QuarantinedAnswer(Answer):
    """A fact that reads like an instruction, and is no memory yet."""

    id = serializers.UUIDField()
    memory = serializers.CharField(help_text="What the memory would say.")
    user_id = serializers.CharField(allow_null=True)
    agent_id = serializers.CharField(allow_null=True)
    app_id = serializers.CharField(allow_null=True)
    run_id = serializers.CharField(allow_null=True)
    event_id = serializers.UUIDField(help_text="The add that it came from.")
    speaker = serializers.CharField(help_text="The role of who said it.")
    trust = serializers.ChoiceField(choices=Trust.values, help_text="Who vouches for it.")
    flags = serializers.ListField(child=serializers.ChoiceField(choices=list(Flag)), help_text="What is suspect.")
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()


@example(examples.page(examples.QUARANTINED))
class QuarantinePageAnswer(PageAnswer):
    """One page of the quarantine."""

    results = QuarantinedAnswer(many=True)


@example({"message": "Released.", "results": [examples.RESULT]})
class ReleasedAnswer(MessageAnswer):
    """What became of a released fact, as of any other."""

    results = ResultAnswer(many=True)
