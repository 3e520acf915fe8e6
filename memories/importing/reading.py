"""What one row of a source means: the memory object of the wire, or less (contract.md §3.1, §3.3)."""

from collections.abc import Mapping
from itertools import islice
from typing import Any
from uuid import UUID, uuid5

import orjson
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from loci.http.aliases import ALIASES, normalise
from loci.http.errors import sentences
from loci.http.parser import check_tree
from memories.api.fields import (
    MAX_CATEGORIES,
    MAX_CATEGORY,
    MAX_CONTENT,
    MAX_ID,
    ClearableDateField,
    EntityIdField,
    MetadataField,
    TimestampField,
)
from memories.api.serializers import Input, ScopeInput
from memories.importing.past import begin, with_past
from memories.models import Lifetime, MemoryState, Trust
from memories.scope import EntityType
from memories.services.importing import ImportedEntity, ImportedMemory
from memories.topics import MAX_KEY, topic_keys

MAX_ENTRIES = 10_000
"""Changes in the history of one memory."""
MAX_TOPICS = 50
JUDGED = ("event_time", "lifetime", "importance", "topics", "relations", "trust", "flags")
MAX_SENTENCES = 3

NAMESPACE = UUID("8d0f3a54-6c1e-5b43-9a0e-3c5d2f5f7b11")
"""In which ids that are no UUIDs, and memories without an id, get one: the same row always the same."""

_NAMES = {**ALIASES, "text": "memory"}


class Unreadable(ValueError):
    """A row that cannot be taken over; the text says why."""


class TextField(serializers.CharField):
    """A memory's text, kept to the letter."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_CONTENT, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Returns the text; one of white space alone is none."""
        text = super().to_internal_value(data)
        if not text.strip():
            self.fail("blank")
        return text


class StorableMetadataField(MetadataField):
    """Metadata that did not come through the parser of requests, which refuses what cannot be stored."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Returns the object as it is."""
        try:
            check_tree(data)
        except ValueError as error:
            raise ValidationError(f"Must not have {error}") from error
        return super().to_internal_value(data)


class EntryInput(Input):
    """A change, as history tells it. `valid_from` and `valid_to` are Loci's own."""

    event = serializers.CharField(max_length=32)
    new_memory = TextField(required=False)
    old_memory = TextField(required=False)
    created_at = TimestampField(required=False)
    updated_at = TimestampField(required=False)
    valid_from = TimestampField(required=False)
    valid_to = TimestampField(required=False)


def _names(longest: int) -> serializers.ListField:
    name = serializers.CharField(max_length=longest)
    return serializers.ListField(child=name, required=False, max_length=MAX_TOPICS)


class EdgeInput(Input):
    """What a memory says of two topics."""

    source = serializers.CharField(max_length=MAX_KEY)  # type: ignore[assignment]  # the wire's name
    relation = serializers.CharField(max_length=MAX_KEY)
    target = serializers.CharField(max_length=MAX_KEY)


class MemoryInput(ScopeInput):
    """A memory object. Of other keys, such as embeddings, nothing is kept."""

    id = serializers.CharField(max_length=MAX_ID, required=False)
    memory = TextField()
    metadata = StorableMetadataField(required=False)
    categories = serializers.ListField(
        child=serializers.CharField(max_length=MAX_CATEGORY), required=False, max_length=MAX_CATEGORIES
    )
    created_at = TimestampField(required=False)
    updated_at = TimestampField(required=False)
    expiration_date = ClearableDateField(required=False)
    immutable = serializers.BooleanField(default=False)
    lifecycle_state = serializers.ChoiceField(
        [MemoryState.ACTIVE.value, MemoryState.SUPERSEDED.value], default=MemoryState.ACTIVE.value
    )
    replaced_by = serializers.CharField(max_length=MAX_ID, required=False)
    event_time = TimestampField(required=False)
    lifetime = serializers.ChoiceField(Lifetime.choices, required=False)
    importance = serializers.IntegerField(min_value=1, max_value=5, required=False)
    topics = _names(MAX_KEY)
    relations = EdgeInput(many=True, required=False)
    trust = serializers.ChoiceField(Trust.choices, required=False)
    flags = _names(32)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuses a memory that is about nobody: no list would ever show it."""
        if not any(attrs.get(name) for name in ("user_id", "agent_id", "app_id", "run_id")):
            raise ValidationError("At least one of user_id, agent_id, app_id and run_id is required.")
        return attrs

    def imported(self) -> ImportedMemory:
        """Returns the memory, without the past that a history would tell."""
        given = self.validated_data
        created_at = given.get("created_at") or timezone.now()
        updated_at = given.get("updated_at") or created_at
        successor = given.get("replaced_by")
        is_closed = successor is not None or given["lifecycle_state"] == MemoryState.SUPERSEDED
        return ImportedMemory(
            id=_id(given["id"]) if "id" in given else self._derived_id(),
            scope=self.scope(),
            text=given["memory"],
            created_at=created_at,
            updated_at=updated_at,
            said=begin(given["memory"], created_at),
            closed_at=max(created_at, updated_at) if is_closed else None,
            replaced_by=_id(successor) if successor is not None else None,
            metadata=given.get("metadata"),
            categories=given.get("categories"),
            immutable=given["immutable"],
            expires_on=given.get("expiration_date"),
            judged=self._judged(),
        )

    def _judged(self) -> dict[str, Any]:
        """What another Loci's extractor judged of it; other sources know nothing of that."""
        given = {name: self.validated_data[name] for name in JUDGED if name in self.validated_data}
        return {**given, "topic_keys": topic_keys(given.get("topics", ()))}

    def _derived_id(self) -> UUID:
        created_at = self.validated_data.get("created_at")
        identity = [*self.scope().columns().values(), self.validated_data["memory"], created_at]
        return uuid5(NAMESPACE, orjson.dumps(identity).decode())


class EntityInput(Input):
    """An entity object (contract.md §3.4)."""

    type = serializers.ChoiceField(list(map(str, EntityType)))
    name = EntityIdField(required=True)
    display_name = serializers.CharField(max_length=MAX_ID, required=False)
    metadata = StorableMetadataField(required=False)
    created_at = TimestampField(required=False)
    updated_at = TimestampField(required=False)

    def imported(self) -> ImportedEntity:
        """Returns the entity."""
        given = self.validated_data
        created_at = given.get("created_at") or timezone.now()
        return ImportedEntity(
            type=EntityType(given["type"]),
            name=given["name"],
            created_at=created_at,
            updated_at=given.get("updated_at") or created_at,
            display_name=given.get("display_name", ""),
            metadata=given.get("metadata", {}),
        )


def read_memory(row: Any) -> ImportedMemory:
    """Returns what a row says, with its past where it has a `history`; raises `Unreadable`."""
    given = _normalised(row)
    history = given.pop("history", None)
    memory = _valid(MemoryInput(data=given)).imported()
    return memory if history is None else read_history(memory, history)


def read_history(memory: ImportedMemory, history: Any) -> ImportedMemory:
    """Returns the memory with the past that this history tells; raises `Unreadable`."""
    if not isinstance(history, list) or len(history) > MAX_ENTRIES:
        raise Unreadable(f"history: must be a list of at most {MAX_ENTRIES:,} entries.")
    entries = _valid(EntryInput(data=[_normalised(entry) for entry in history], many=True), "history")
    return with_past(memory, entries.validated_data)


def read_entity(row: Any) -> ImportedEntity:
    """Returns what an entity object says; raises `Unreadable`."""
    return _valid(EntityInput(data=_normalised(row))).imported()


def _id(given: str) -> UUID:
    """A UUID stays what it is, anything else gets one of its own."""
    try:
        return UUID(given)
    except ValueError:
        return uuid5(NAMESPACE, given)


def _normalised(row: Any) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        raise Unreadable("It is not an object.")
    return normalise(row, aliases=_NAMES)


def _valid(given: Any, within: str = "") -> Any:
    if not given.is_valid():
        raise Unreadable(" ".join(islice(sentences(given.errors, within), MAX_SENTENCES)))
    return given
