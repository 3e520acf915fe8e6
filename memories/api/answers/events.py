"""What became of requests (contract.md §8)."""

from rest_framework import serializers

from memories.api.answers import examples
from memories.api.answers.base import Answer, PageAnswer
from memories.api.description import example
from memories.models import EventStatus


@example(examples.EVENT)
class EventAnswer(Answer):
    """A request and what became of it."""

    id = serializers.UUIDField()
    event_type = serializers.CharField(help_text="ADD, SEARCH, GET_ALL, DELETE_ALL, DELETE_USER and the like.")
    status = serializers.ChoiceField(choices=EventStatus.values)
    payload = serializers.DictField(
        help_text="What was asked, without the messages; empty once the memories were erased. Of an add that ended a"
        " week ago (`LOCI_RETAIN_EVENTS_DAYS`) only `metadata`, `immutable`, `expiration_date` and `infer`. Of a"
        " request that was answered at once, as a search or list: method, route, status, `request_id` and milliseconds"
        " by stage."
    )
    metadata = serializers.DictField(allow_null=True, help_text="The metadata that the request gave.")
    results = serializers.ListField(
        child=serializers.DictField(),
        help_text="The memories that it wrote or found; without their texts once they were deleted, or the add ended a"
        " week ago.",
    )
    verdicts = serializers.ListField(
        child=serializers.DictField(),
        required=False,
        help_text="What became of each fact: stored, merged, superseded, duplicate, earlier, rejected, quarantined or"
        " forgotten; without texts as `results`.",
    )
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)
    latency = serializers.FloatField(allow_null=True, help_text="Milliseconds from the request to its completion.")
    graph_status = serializers.CharField(allow_null=True, required=False, help_text="Always null.")
    error = serializers.CharField(
        allow_null=True, required=False, help_text="Why it failed; of a request that was refused, the status in words."
    )


@example(examples.page(examples.EVENT))
class EventsPageAnswer(PageAnswer):
    """One page of events."""

    results = EventAnswer(many=True)
