"""Memories, what searches find, and how memories came to be (contract.md §3.1, §3.3, §5)."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

from memories.api.answers import examples
from memories.api.answers.base import Answer, MessageAnswer, PageAnswer, RelationsAnswer, WhoAnswer
from memories.api.description import example, one_of
from memories.models import Lifetime, MemoryState, Trust
from memories.retrieval.ranking import Reason


class CalendarAnswer(Answer):
    """The parts of `created_at`, in UTC."""

    year = serializers.IntegerField()
    month = serializers.IntegerField(min_value=1, max_value=12)
    day = serializers.IntegerField(min_value=1, max_value=31)
    hour = serializers.IntegerField(min_value=0, max_value=23)
    minute = serializers.IntegerField(min_value=0, max_value=59)
    day_of_week = serializers.CharField(help_text="In English and lower case.")
    week_of_year = serializers.IntegerField(min_value=1, max_value=53)
    day_of_year = serializers.IntegerField(min_value=1, max_value=366)
    quarter = serializers.IntegerField(min_value=1, max_value=4)
    is_weekend = serializers.BooleanField()


class EdgeAnswer(Answer):
    """What a memory says of two topics; `user` is the speaker."""

    source = serializers.CharField()  # type: ignore[assignment]  # the word for it, which serializers have for another use
    relation = serializers.CharField()
    target = serializers.CharField()


@example(examples.MEMORY)
class MemoryAnswer(WhoAnswer):
    """A memory (contract.md §3.1)."""

    id = serializers.UUIDField()
    memory = serializers.CharField(help_text="What is remembered.")
    hash = serializers.CharField(help_text="MD5 of the text.")
    metadata = serializers.DictField(allow_null=True, help_text="The application's own object.")
    categories = serializers.ListField(child=serializers.CharField(), allow_null=True)
    created_at = serializers.DateTimeField(help_text="When it was said.")
    updated_at = serializers.DateTimeField()
    expiration_date = serializers.DateField(allow_null=True, help_text="The last day on which it is found.")
    immutable = serializers.BooleanField(help_text="Whether later adds leave it alone.")
    structured_attributes = CalendarAnswer()
    event_time = serializers.DateTimeField(allow_null=True, help_text="When what it says happens.")
    lifetime = serializers.ChoiceField(choices=Lifetime.values, help_text="How long it will matter.")
    importance = serializers.IntegerField(
        allow_null=True,
        min_value=1,
        max_value=5,
        help_text="From a detail to what shapes all; null: not judged.",
    )
    topics = serializers.ListField(child=serializers.CharField(), help_text="The things that it names.")
    relations = EdgeAnswer(many=True, help_text="What it says of two topics.")
    trust = serializers.ChoiceField(choices=Trust.values, help_text="Who vouches for it.")
    flags = serializers.ListField(child=serializers.CharField(), help_text="What is suspect about it.")
    replaced_by = serializers.UUIDField(allow_null=True, help_text="The memory that superseded it.")
    synthesized = serializers.BooleanField()
    lifecycle_state = serializers.ChoiceField(choices=MemoryState.values)
    valid_from = serializers.DateTimeField(
        required=False, help_text="Where another time was asked about: since when it said this."
    )
    valid_to = serializers.DateTimeField(
        required=False, allow_null=True, help_text="And until when; null: it still does, or nothing else is known."
    )


@example(examples.EDITED)
class EditedMemoryAnswer(MemoryAnswer):
    """A memory after its update."""

    text = serializers.CharField(help_text="The same as `memory`, for older clients.")


@example(examples.MEMORY)
class ListedMemoryAnswer(MemoryAnswer):
    """A memory in a list; where `fields` was given, `id` and those keys only."""

    def get_fields(self) -> dict[str, Any]:
        """Makes every key but `id` optional."""
        fields = super().get_fields()
        for name, field in fields.items():
            field.required = name == "id"
        return fields


class ScoresAnswer(Answer):
    """Where a score came from."""

    semantic = serializers.FloatField(allow_null=True)
    bm25 = serializers.FloatField(allow_null=True)
    entity = serializers.FloatField(
        allow_null=True, help_text="How much of a question names an attribute of it; null where it asks for none."
    )
    absolute = serializers.FloatField(help_text="The memory's own score, with which `threshold` is compared.")
    decay = serializers.FloatField(
        allow_null=True,
        help_text="What it was multiplied by for when the memory was used, from 0.3 to 1.5; null where none decays.",
    )
    feedback = serializers.FloatField(
        allow_null=True,
        help_text="What it was multiplied by for what people think of the memory; null where nobody said anything.",
    )
    rerank = serializers.FloatField(
        required=False, help_text="What the reranker says of it, by its own measure; there where it said something."
    )


class LegAnswer(Answer):
    """How one way of finding memories judges a candidate."""

    rank = serializers.IntegerField(
        allow_null=True, min_value=1, help_text="Among all candidates; null where it says nothing for this one."
    )
    score = serializers.FloatField(allow_null=True)


class LegsAnswer(Answer):
    """All ways of finding memories, by their names in `score_breakdown`."""

    semantic = LegAnswer()
    bm25 = LegAnswer()
    entity = LegAnswer()
    clues = LegAnswer(help_text="Time, speaker and topics that the question names.")
    conversation = LegAnswer(help_text="The messages before and after it in the conversation.")


class TermAnswer(Answer):
    """A term of the question that the memory holds."""

    term = serializers.CharField(help_text="In the form in which words are compared.")
    words = serializers.ListField(child=serializers.CharField(), help_text="The memory's own words for it, at most 3.")


class MatchedAttributeAnswer(Answer):
    """An attribute that the memory supports, where the question asks for one."""

    key = serializers.CharField()
    value = serializers.CharField()


class ExplanationAnswer(Answer):
    """Why a candidate stands where it does."""

    fused = serializers.FloatField(allow_null=True, help_text="What the order is by, before any reranking.")
    legs = LegsAnswer()
    matched_terms = TermAnswer(many=True)
    matched_attributes = MatchedAttributeAnswer(many=True)
    matched_topics = serializers.ListField(
        child=serializers.CharField(), help_text="Its topics that the question names."
    )
    matched_clues = serializers.ListField(
        child=serializers.ChoiceField(choices=["time", "speaker", "topic"]),
        help_text="What the question says of the memory beside its words, and holds.",
    )


class DroppedAnswer(Answer):
    """A candidate that is no hit."""

    id = serializers.UUIDField()
    memory = serializers.CharField()
    reason = serializers.ChoiceField(choices=list(Reason))
    score = serializers.FloatField(help_text="Its own absolute score.")
    score_breakdown = ScoresAnswer()
    explanation = ExplanationAnswer()


@example(examples.HIT)
class HitAnswer(ListedMemoryAnswer):
    """A memory that a search found; where `fields` was given, `id` and those keys only."""

    score = serializers.FloatField(
        help_text="From 0 to 1: the best of its own score and of those after it, so that the list is sorted. Its own"
        " is the absolute one, multiplied by `decay` and `feedback`."
    )
    score_breakdown = ScoresAnswer()
    explanation = ExplanationAnswer(required=False, help_text="There with `explain`.")


@example(examples.page(examples.MEMORY))
class MemoriesPageAnswer(PageAnswer):
    """One page of memories."""

    results = ListedMemoryAnswer(many=True)


@example({"results": [examples.MEMORY], "relations": []})
class MemoriesWithRelationsAnswer(RelationsAnswer):
    """Memories in `output_format` v1.1."""

    results = ListedMemoryAnswer(many=True)


@example({"results": [examples.HIT]})
class HitsAnswer(Answer):
    """What a search found, best first."""

    results = HitAnswer(many=True)
    dropped = DroppedAnswer(
        many=True,
        required=False,
        help_text="With `explain`: the best candidates that are no hits, at most 20, and why each is none.",
    )


@example({"results": [examples.HIT], "relations": []})
class HitsWithRelationsAnswer(HitsAnswer, RelationsAnswer):
    """What a search found, in `output_format` v1.1."""


@example({"message": "Memory deleted successfully!", "cascade_count": 2})
class DeletedAnswer(MessageAnswer):
    """A deletion of one memory."""

    cascade_count = serializers.IntegerField(
        required=False, min_value=0, help_text="With `delete_linked`: how many memories that it superseded went too."
    )


@example(examples.DELETING)
class DeletingAnswer(MessageAnswer):
    """A deletion that goes on in the background: its event tells when it is done."""

    event_id = serializers.UUIDField()


@example(examples.HISTORY_ENTRY)
class HistoryEntryAnswer(WhoAnswer):
    """One change of a memory (contract.md §3.3)."""

    id = serializers.UUIDField()
    memory_id = serializers.UUIDField()
    input = serializers.ListField(child=serializers.DictField(), help_text="The messages that it was taken from.")
    old_memory = serializers.CharField(allow_null=True)
    new_memory = serializers.CharField(allow_null=True)
    categories = serializers.ListField(child=serializers.CharField(), allow_null=True)
    event = serializers.ChoiceField(choices=["ADD", "UPDATE", "DELETE"])
    metadata = serializers.DictField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    valid_from = serializers.DateTimeField(required=False, help_text="Since when it is so.")
    valid_to = serializers.DateTimeField(required=False, allow_null=True, help_text="Until when it was so.")


@example(examples.page(examples.HISTORY_ENTRY))
class HistoryPageAnswer(PageAnswer):
    """One page of the project's changes."""

    results = HistoryEntryAnswer(many=True)


@example(examples.ENTITY_MEMORY)
class EntityMemoryAnswer(Answer):
    """A memory of an entity, with what it came from (contract.md §5.15)."""

    id = serializers.UUIDField()
    memory = serializers.CharField()
    metadata = serializers.DictField(allow_null=True)
    categories = serializers.ListField(child=serializers.CharField(), allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    input = serializers.ListField(child=serializers.DictField(), help_text="The messages that it was taken from.")
    is_updated = serializers.BooleanField(help_text="Whether it was changed since it was added.")


@example(examples.page(examples.ENTITY_MEMORY))
class EntityMemoriesPageAnswer(PageAnswer):
    """One page of an entity's memories."""

    results = EntityMemoryAnswer(many=True)


LIST_V1 = OpenApiResponse(
    one_of("ListV1Answer", ListedMemoryAnswer(many=True), MemoriesPageAnswer, MemoriesWithRelationsAnswer),
    examples=[
        OpenApiExample("Bare", value=[examples.MEMORY]),
        OpenApiExample("With page and page_size", value=examples.page(examples.MEMORY)),
        OpenApiExample("output_format v1.1", value={"results": [examples.MEMORY], "relations": []}),
    ],
)
"""A bare list; one page where `page` and `page_size` are given; or `output_format` v1.1."""

SEARCH_V3 = OpenApiResponse(
    HitsAnswer,
    examples=[
        OpenApiExample("Example", value={"results": [examples.HIT]}),
        OpenApiExample("explain", value={"results": [examples.EXPLAINED], "dropped": [examples.DROPPED]}),
    ],
)
"""An object, always."""

SEARCH_V1 = OpenApiResponse(
    one_of("SearchV1Answer", HitAnswer(many=True), HitsWithRelationsAnswer),
    examples=[
        OpenApiExample("Bare", value=[examples.HIT]),
        OpenApiExample("output_format v1.1", value={"results": [examples.HIT], "relations": []}),
        OpenApiExample(
            "output_format v1.1 and explain",
            value={"results": [examples.EXPLAINED], "relations": [], "dropped": [examples.DROPPED]},
        ),
    ],
)
"""A bare list, or `output_format` v1.1."""
