"""What requests may ask. Values are checked here; what they mean is decided elsewhere."""

from typing import Any

from django.db.models import TextChoices
from rest_framework import serializers

from memories.api.answers.examples import MEMORY_ID
from memories.api.description import example
from memories.api.fields import (
    MAX_MESSAGES,
    MAX_TEXT,
    CategoriesField,
    ClearableDateField,
    EntityIdField,
    IgnoredField,
    MetadataField,
    TimestampField,
    TimezoneField,
    ValueSchemaField,
)
from memories.api.messages import MessagesField
from memories.extraction.base import InputMessage
from memories.models import EventStatus, EventType
from memories.provenance import Author
from memories.scope import Scope
from memories.services.accepting import AddRequest

MAX_INSTRUCTIONS = 10_000
MAX_EDITED = 10_000
STEERING = (
    *("custom_instructions", "agent_custom_instructions", "includes", "excludes", "custom_categories"),
    *("structured_data_schema", "timezone"),
)


METADATA = "The application's own object: at most 16 KiB, 5 levels and 200 keys."
TIMESTAMP = "When it was said: epoch seconds, or an ISO date or date-time."
ONE_SPELLING = "Ids are kept in Unicode's form NFC and without white space around them."
INFER_NOT_WITH_FILES = "Images and documents are not stored as they are: leave infer out, or them."
EXPIRATION = "The last day on which it is found, `YYYY-MM-DD`."


def _instructions(says: str) -> serializers.CharField:
    return serializers.CharField(required=False, max_length=MAX_INSTRUCTIONS, help_text=says)


class Input(serializers.Serializer[Any]):
    """Reads only: nothing is created or updated through it."""


class ScopeInput(Input):
    """The four entity ids, at the top level of a request."""

    user_id = EntityIdField(help_text=f"The user that it is about. {ONE_SPELLING}")
    agent_id = EntityIdField(help_text="The agent that it is about.")
    app_id = EntityIdField(help_text="The app that it is about.")
    run_id = EntityIdField(help_text="The run that it is about; `session_id` is its older name.")

    def scope(self) -> Scope:
        """Returns the ids that were given."""
        return Scope(**{name: self.validated_data.get(name) for name in ("user_id", "agent_id", "app_id", "run_id")})


@example({"messages": [{"role": "user", "content": "I live in San Francisco."}], "user_id": "alex"})
class AddInput(ScopeInput):
    """The parameters of an add (contract.md §5.1, §5.7). Unknown ones are ignored."""

    messages = MessagesField(
        help_text="The conversation: messages, one message, or a text, which is a user's. A message's content may have"
        " images and documents beside text, by https URL, data URL or base64."
    )
    metadata = MetadataField(required=False, help_text=METADATA)
    infer = serializers.BooleanField(
        default=True, help_text="Whether facts are extracted; else each message is stored as it is, at once."
    )
    immutable = serializers.BooleanField(default=False, help_text="Whether later adds leave these memories alone.")
    async_mode = serializers.BooleanField(
        required=False,
        help_text="Whether to answer before the memories are there. Default: true; in v1, the project's setting.",
    )
    deduced_memories = serializers.ListField(
        child=serializers.CharField(max_length=MAX_TEXT),
        required=False,
        max_length=MAX_MESSAGES,
        help_text="Facts that the application extracted itself; they are stored as they are, without `infer`.",
    )
    expiration_date = serializers.DateField(required=False, help_text=EXPIRATION)
    timestamp = TimestampField(required=False, help_text=TIMESTAMP)
    custom_instructions = _instructions("What the extraction should heed.")
    agent_custom_instructions = _instructions("What the extraction of facts about the agent should heed.")
    includes = _instructions("What alone should be remembered.")
    excludes = _instructions("What should not be remembered.")
    custom_categories = CategoriesField(
        required=False, help_text="Categories and their descriptions, instead of the project's."
    )
    output_format = serializers.CharField(
        required=False, max_length=16, help_text="v1.1 answers v1 with an object; v3 always does."
    )
    enable_graph = IgnoredField("There is no separate graph.")
    version = IgnoredField("The address says the version.")
    api_version = IgnoredField("The address says the version.")
    structured_data_schema = ValueSchemaField(
        required=False, help_text="A JSON schema, whose properties are the attributes that facts should have."
    )
    filter_memories = IgnoredField()
    observation_date = TimestampField(required=False, help_text="As `timestamp`, which goes before it.")
    observation_datetime = TimestampField(required=False, help_text="As `timestamp`, which goes before it.")
    timezone = TimezoneField(
        required=False,
        help_text="Where it was said, as `Europe/Berlin`: whose `yesterday` is meant. UTC by default.",
    )
    temporal_reasoning = IgnoredField()
    prompt_profile_id = IgnoredField()
    source = IgnoredField("It names the caller's product.")  # type: ignore[assignment]  # the wire's name

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuses an add that is about nobody."""
        if not any(attrs.get(name) for name in ("user_id", "agent_id", "app_id", "run_id")):
            raise serializers.ValidationError("At least one of user_id, agent_id, app_id and run_id is required.")
        if not attrs["infer"] and any(message.files for message in attrs["messages"]):
            raise serializers.ValidationError({"infer": INFER_NOT_WITH_FILES})
        return attrs

    def add_request(self, attribution: str, author: Author) -> AddRequest:
        """Returns the request of `author` that these parameters make in a project with this attribution."""
        given = self.validated_data
        said_at = (given.get(name) for name in ("timestamp", "observation_datetime", "observation_date"))
        deduced = tuple(InputMessage(role="user", content=text) for text in given.get("deduced_memories", ()))
        return AddRequest(
            scope=self.scope(),
            messages=deduced or given["messages"],
            infer=given["infer"] and not deduced,
            metadata=given.get("metadata"),
            immutable=given["immutable"],
            expires_on=given.get("expiration_date"),
            said_at=next(filter(None, said_at), None),
            attribution=attribution,
            author=author,
            options={name: given[name] for name in STEERING if name in given},
        )


@example({"text": "Lives in Oakland", "metadata": {"source": "chat"}})
class EditInput(Input):
    """The parameters of an update; at least one is needed (contract.md §5.11)."""

    text = serializers.CharField(
        required=False, max_length=MAX_EDITED, help_text="What it is to say; `message` is its older name."
    )
    metadata = MetadataField(required=False, help_text=f"{METADATA} It replaces the former one.")
    timestamp = TimestampField(required=False, help_text=TIMESTAMP)
    expiration_date = ClearableDateField(required=False, allow_null=True, help_text=f"{EXPIRATION} Null clears it.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuses an update of nothing."""
        if not attrs:
            raise serializers.ValidationError("One of text, metadata, timestamp and expiration_date is required.")
        return attrs


class BatchEdit(EditInput):
    """One item of a batch update."""

    memory_id = serializers.UUIDField(help_text="The memory's id.")


@example({"memories": [{"memory_id": MEMORY_ID, "text": "Lives in Oakland"}]})
class BatchUpdateInput(Input):
    """The parameters of a batch update."""

    memories = BatchEdit(many=True, help_text="1 to 1,000 memories; `memory_ids` is another name of the list.")


class NamedMemory(Input):
    """One item of a batch deletion."""

    memory_id = serializers.UUIDField(help_text="The memory's id.")


@example({"memories": [{"memory_id": MEMORY_ID}]})
class BatchDeleteInput(Input):
    """The parameters of a batch deletion."""

    memories = NamedMemory(many=True, help_text="1 to 1,000 memories; `memory_ids` with bare ids does as well.")


class DeleteInput(Input):
    """The parameters of a deletion (contract.md §5.12)."""

    delete_linked = serializers.BooleanField(
        default=False, help_text="Delete also the memories that it superseded, those that they did, and so on."
    )


def _choice(of: type[TextChoices], says: str) -> serializers.ChoiceField:
    """An optional choice whose refusal names what there is to choose from."""
    allowed = f"Must be one of {', '.join(of.values)}."
    return serializers.ChoiceField(
        choices=of.choices, required=False, help_text=says, error_messages={"invalid_choice": allowed}
    )


class EventsInput(Input):
    """How a list of events may be narrowed (contract.md §8)."""

    event_type = _choice(EventType, "What was asked.")
    status = _choice(EventStatus, "How far it is.")
    start_date = serializers.CharField(required=False, max_length=64, help_text="The first day or moment, inclusive.")
    end_date = serializers.CharField(required=False, max_length=64, help_text="The last day or moment, inclusive.")


class RegistrationInput(Input):
    """What an application can say of an entity (contract.md §6.6)."""

    metadata = MetadataField(required=False, help_text=METADATA)


class NamedInput(RegistrationInput):
    """An entity that people call by a name of its own."""

    name = serializers.CharField(max_length=256, help_text="What people call it.")


@example({"user_id": "alex", "metadata": {"plan": "pro"}})
class UserInput(RegistrationInput):
    """A user has no other name than its id."""

    user_id = EntityIdField(required=True, help_text="The id that the application uses.")


@example({"agent_id": "tutor", "name": "The tutor"})
class AgentInput(NamedInput):
    """An agent."""

    agent_id = EntityIdField(required=True, help_text="The id that the application uses.")


@example({"app_id": "travel", "name": "Travel planner"})
class AppInput(NamedInput):
    """An app."""

    app_id = EntityIdField(required=True, help_text="The id that the application uses.")


@example({"run_id": "2026-01-15", "name": "The session of 15 January"})
class RunInput(NamedInput):
    """A run."""

    run_id = EntityIdField(required=True, help_text="The id that the application uses.")
