"""What is asked about memories, and what was decided."""

from rest_framework import serializers

from memories.api.answers import examples
from memories.api.answers.base import Answer, MessageAnswer, PageAnswer
from memories.api.answers.memories import MemoryAnswer
from memories.api.description import example
from memories.models import ReviewKind, ReviewState
from memories.reviews import OUTDATED

SHOWN_STATES = [*ReviewState.values, OUTDATED]
STATE = "What was decided. `outdated`: nothing, and a memory has changed since it was asked."


class OpinionsAnswer(Answer):
    """How many people hold each opinion."""

    POSITIVE = serializers.IntegerField(min_value=0)
    NEGATIVE = serializers.IntegerField(min_value=0)
    VERY_NEGATIVE = serializers.IntegerField(min_value=0)


@example(examples.REVIEW)
class ReviewAnswer(Answer):
    """A question about a memory, or about two that say the same."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=ReviewKind.values)
    state = serializers.ChoiceField(choices=SHOWN_STATES, help_text=STATE)
    reason = serializers.CharField(help_text="Why it is asked; of feedback, the opinion that asked first.")
    memory = MemoryAnswer(help_text="The memory that is meant; of duplicates, the one that is to stay.")
    duplicate = MemoryAnswer(allow_null=True, help_text="The memory that is to be merged into it.")
    opinions = OpinionsAnswer(allow_null=True, help_text="Of its text. Null for duplicates.")
    feedback_reasons = serializers.ListField(
        child=serializers.CharField(), help_text="Why people find it bad, the newest first, at most five."
    )
    created_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    decided_by = serializers.UUIDField(
        allow_null=True, help_text="The person; null where nobody did, or the project's policy."
    )


@example(examples.page(examples.REVIEW))
class ReviewPageAnswer(PageAnswer):
    """One page of reviews."""

    results = ReviewAnswer(many=True)


@example(examples.DECIDED)
class DecidedAnswer(MessageAnswer):
    """What was decided, without any text."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=ReviewState.values)
    memory_id = serializers.UUIDField()
    duplicate_id = serializers.UUIDField(allow_null=True)


class OpinionsOfDayAnswer(OpinionsAnswer):
    """The opinions that were given on one day, and still are held."""

    date = serializers.DateField()


class JudgedAnswer(OpinionsAnswer):
    """A memory that people find bad."""

    memory_id = serializers.UUIDField()
    memory = serializers.CharField()


@example(examples.FEEDBACK_STATS)
class FeedbackStatsAnswer(Answer):
    """What people think of the project's memories."""

    opinions = OpinionsAnswer()
    total_memories = serializers.IntegerField(min_value=0)
    judged_memories = serializers.IntegerField(min_value=0)
    judged_share = serializers.FloatField(min_value=0, max_value=1)
    by_day = OpinionsOfDayAnswer(many=True, help_text="The last 30 days, in UTC.")
    worst = JudgedAnswer(many=True, help_text="At most ten, the worst first, as searches weigh it.")
    open_reviews = serializers.IntegerField(min_value=0, help_text="That feedback opened and nobody has decided.")
