"""Users, agents, apps and runs, and numbers about them (contract.md §3.4, §6, §9.5)."""

from rest_framework import serializers

from memories.api.answers import examples
from memories.api.answers.base import Answer, PageAnswer
from memories.api.description import example
from memories.scope import EntityType


@example(examples.ENTITY)
class EntityAnswer(Answer):
    """A user, agent, app or run that memories are about."""

    id = serializers.RegexField(r"^[0-9]+$", help_text="A decimal integer, written as a string.")
    name = serializers.CharField(help_text="The id that the application gave.")
    display_name = serializers.CharField(allow_null=True, help_text="The name that it was registered with.")
    type = serializers.ChoiceField(choices=list(EntityType))
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    total_memories = serializers.IntegerField(min_value=0)
    owner = serializers.CharField(help_text="The address of who the API key acts for.")
    organization = serializers.CharField()
    metadata = serializers.DictField()


@example(
    {**examples.page(examples.ENTITY), "total_users": 1, "total_agents": 0, "total_apps": 0, "total_runs": 0},
)
class EntitiesPageAnswer(PageAnswer):
    """One page of entities, with the totals of all pages by type."""

    results = EntityAnswer(many=True)
    total_users = serializers.IntegerField(min_value=0)
    total_agents = serializers.IntegerField(min_value=0)
    total_apps = serializers.IntegerField(min_value=0)
    total_runs = serializers.IntegerField(min_value=0)


class AttributeOfAnswer(Answer):
    """One attribute of an entity: its current value, and the memory that says so."""

    key = serializers.CharField()
    value = serializers.CharField(allow_null=True, help_text="Null where it is not known.")
    memory_id = serializers.UUIDField()
    memory = serializers.CharField(help_text="The text of the memory.")
    updated_at = serializers.DateTimeField(help_text="When it was last said.")
    valid_from = serializers.DateTimeField(help_text="Since when it has this value.")


@example({"entity_type": "user", "entity_id": "alex", "attributes": [examples.ATTRIBUTE]})
class AttributesAnswer(Answer):
    """The current attributes of an entity, by key."""

    entity_type = serializers.ChoiceField(choices=list(EntityType))
    entity_id = serializers.CharField()
    attributes = AttributeOfAnswer(many=True)


class ToldAnswer(Answer):
    """A value that an attribute had, from `valid_from` to `valid_to`."""

    value = serializers.CharField(allow_null=True, help_text="Null where it was not known.")
    memory_id = serializers.UUIDField()
    memory = serializers.CharField(help_text="What the memory said.")
    valid_from = serializers.DateTimeField()
    valid_to = serializers.DateTimeField(allow_null=True)
    recorded_from = serializers.DateTimeField(help_text="When Loci learned of it as it is believed now.")
    event_id = serializers.UUIDField(allow_null=True, help_text="Null for a change through the API.")


@example({"entity_type": "user", "entity_id": "alex", **examples.ATTRIBUTE, "history": [examples.TOLD]})
class AttributeAnswer(Answer):
    """An attribute with its history; what is known of it now is null where no memory supports it any more."""

    entity_type = serializers.ChoiceField(choices=list(EntityType))
    entity_id = serializers.CharField()
    key = serializers.CharField()
    value = serializers.CharField(allow_null=True)
    memory_id = serializers.UUIDField(allow_null=True)
    memory = serializers.CharField(allow_null=True)
    updated_at = serializers.DateTimeField(allow_null=True)
    valid_from = serializers.DateTimeField(allow_null=True)
    history = ToldAnswer(many=True)


@example(examples.MADE_USER)
class MadeEntityAnswer(Answer):
    """An entity that was made, with its name under one of the four ids (contract.md §6.6)."""

    id = serializers.IntegerField()
    user_id = serializers.CharField(required=False)
    agent_id = serializers.CharField(required=False)
    app_id = serializers.CharField(required=False)
    run_id = serializers.CharField(required=False)
    name = serializers.CharField(required=False, allow_null=True, help_text="Not of users.")
    metadata = serializers.DictField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    graph_entities = serializers.DictField(allow_null=True, help_text="Always null.")
    is_deleted = serializers.BooleanField()
    project = serializers.IntegerField(required=False)


@example(examples.STATS)
class StatsAnswer(Answer):
    """Numbers of the project."""

    total_memories = serializers.IntegerField(min_value=0)
    total_retrieval_events = serializers.IntegerField(min_value=0)
    total_add_events = serializers.IntegerField(min_value=0)
    total_api_retrieval_events = serializers.IntegerField(min_value=0)
    total_retrieval_events_limit = serializers.IntegerField(min_value=0, allow_null=True, help_text="Null is none.")
    total_users_with_memories = serializers.IntegerField(min_value=0)
    total_agents_with_memories = serializers.IntegerField(min_value=0)
    total_runs_with_memories = serializers.IntegerField(min_value=0)
    memories_per_user = serializers.IntegerField(min_value=0)
    memories_per_agent = serializers.IntegerField(min_value=0)
    memories_per_run = serializers.IntegerField(min_value=0)


class OptionAnswer(Answer):
    """A value that a parameter may have."""

    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the wire's name, which fields have for another use


class ParameterAnswer(Answer):
    """A parameter that lists can be narrowed by."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the wire's name, which fields have for another use
    type = serializers.CharField()
    placeholder = serializers.CharField()
    options = OptionAnswer(many=True)


@example(examples.FILTERS)
class FiltersAnswer(Answer):
    """What lists and events of the project can be narrowed by."""

    event_type = serializers.ListField(child=serializers.CharField())
    categories = serializers.ListField(child=serializers.CharField())
    users = serializers.ListField(child=serializers.CharField())
    parameters = ParameterAnswer(many=True)
