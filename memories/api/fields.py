"""Parameters that need more than DRF's own fields: ids, times, metadata (reliability.md §2.8)."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

import orjson
from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from loci.errors import DomainError
from memories.retrieval.filters.values import read_entity_id

MAX_ID = 256
MAX_MESSAGES = 500
MAX_CONTENT = 100_000
MAX_TEXT = 400_000
MAX_PROPERTIES = 50
MAX_PROPERTY = 1_000
MAX_PROPERTY_NAME = 100
MAX_METADATA_BYTES = 16 * 1024
MAX_METADATA_DEPTH = 5
MAX_METADATA_KEYS = 200
MAX_KEY = 128
MAX_CATEGORIES = 100
MAX_CATEGORY = 100
UNUSABLE_IDS = {
    "*": '"*" means "any" in filters and cannot be an id.',
    **dict.fromkeys(
        (".", ".."), 'Clients drop "." and ".." from addresses: an entity of that name could not be deleted.'
    ),
}


class EntityIdField(serializers.CharField):
    """The name of a user, agent, app or run: 1 to 256 characters, trimmed, NFC, without control characters."""

    def __init__(self, *, required: bool = False, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_ID, required=required, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Returns the id in its one spelling."""
        text = super().to_internal_value(data)
        if text in UNUSABLE_IDS:
            raise serializers.ValidationError(UNUSABLE_IDS[text])
        try:
            return read_entity_id("id", text)
        except DomainError as error:
            raise serializers.ValidationError(str(error).removeprefix("id: ")) from error


class UuidField(serializers.UUIDField):
    """An id in its written form. DRF's own field makes ids of numbers too, and of false the one of zeros."""

    def to_internal_value(self, data: Any) -> UUID:
        """Returns the id."""
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


@extend_schema_field({"type": ["number", "string"]})
class TimestampField(serializers.Field[datetime, Any, Any, Any]):
    """A point in time: epoch seconds, or an ISO date or date-time; without a zone it is UTC."""

    default_error_messages = {"invalid": "Must be epoch seconds or an ISO 8601 date or date-time."}

    def to_internal_value(self, data: Any) -> datetime:
        """Returns a datetime in UTC."""
        return self.read(data).astimezone(UTC)

    def read(self, data: Any) -> datetime:
        """Returns a datetime in the zone that was given; its time in UTC is one that Python can tell."""
        if isinstance(data, bool) or not isinstance(data, int | float | str):
            self.fail("invalid")
        try:
            value = _from_text(data.strip()) if isinstance(data, str) else datetime.fromtimestamp(data, UTC)
            value = value if value.tzinfo else value.replace(tzinfo=UTC)
            value.astimezone(UTC)  # Postgres keeps what Python then cannot read, beyond the years 1 and 9999.
        except (ValueError, OverflowError, OSError):
            self.fail("invalid")
        return value

    def to_representation(self, value: Any) -> Any:
        """Never called: the field is only read."""
        return value


class ZonedTimestampField(TimestampField):
    """The same in the time zone that it is given in: somebody's days are meant."""

    def to_internal_value(self, data: Any) -> datetime:
        """Returns an aware datetime."""
        return self.read(data)


def _from_text(text: str) -> datetime:
    if text.lstrip("-").replace(".", "", 1).isdigit():
        return datetime.fromtimestamp(float(text), UTC)
    moment = parse_datetime(text)
    if moment is not None:
        return moment
    day = parse_date(text)
    if day is None:
        raise ValueError(text)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


class ClearableDateField(serializers.DateField):
    """A day as `YYYY-MM-DD`; null or "" is none."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Returns the day or None."""
        return super().run_validation(None if data == "" else data)


@extend_schema_field(OpenApiTypes.OBJECT)
class MetadataField(serializers.Field[dict[str, Any], Any, Any, Any]):
    """The application's own object: at most 16 KiB, 5 levels, 200 keys of at most 128 characters."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Returns the object as it is."""
        if not isinstance(data, dict):
            raise serializers.ValidationError("Must be an object.")
        if len(orjson.dumps(data)) > MAX_METADATA_BYTES:
            raise serializers.ValidationError("Must be at most 16 KiB of JSON.")
        keys = list(_keys(data, 1))
        if len(keys) > MAX_METADATA_KEYS or any(len(key) > MAX_KEY for key in keys):
            raise serializers.ValidationError("Must have at most 200 keys of at most 128 characters.")
        return data

    def to_representation(self, value: Any) -> Any:
        """Never called: the field is only read."""
        return value


def _keys(value: Any, depth: int) -> "list[str]":
    if not isinstance(value, dict | list):
        return []
    if depth > MAX_METADATA_DEPTH:
        raise serializers.ValidationError("Must be at most 5 levels deep.")
    own = list(value) if isinstance(value, dict) else []
    inner = value.values() if isinstance(value, dict) else value
    return own + [key for item in inner for key in _keys(item, depth + 1)]


class TimezoneField(serializers.CharField):
    """The IANA name of a time zone."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=64, **options)

    def to_internal_value(self, data: Any) -> str:
        """Returns the name as it is."""
        name = super().to_internal_value(data)
        if name not in available_timezones():
            raise serializers.ValidationError("Must be the name of a time zone, as Europe/Berlin.")
        return name


@extend_schema_field({"type": "object"})
class ValueSchemaField(serializers.Field[dict[str, Any], Any, Any, Any]):
    """A JSON schema of an object, or only its properties: at most 50, of at most 1,000 characters each."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Returns the schema of each property by its name."""
        is_schema = isinstance(data, dict) and isinstance(data.get("type"), str)
        properties = data.get("properties", {} if is_schema else data) if isinstance(data, dict) else None
        if not isinstance(properties, dict) or not all(map(_is_property, properties.items())):
            raise serializers.ValidationError("Must be a JSON schema with properties, each an object.")
        if len(properties) > MAX_PROPERTIES:
            raise serializers.ValidationError(f"Must have at most {MAX_PROPERTIES} properties.")
        return properties

    def to_representation(self, value: Any) -> Any:
        """Never called: the field is only read."""
        return value


def _is_property(item: tuple[str, Any]) -> bool:
    name, schema = item
    is_schema = isinstance(schema, dict) and len(orjson.dumps(schema)) <= MAX_PROPERTY
    return 0 < len(name) <= MAX_PROPERTY_NAME and is_schema and isinstance(schema.get("enum", []), list)


_CATEGORY_SCHEMA = {"type": "object", "additionalProperties": {"type": "string", "maxLength": 1000}}
_CATEGORIES_SCHEMA = {
    "anyOf": [
        _CATEGORY_SCHEMA,
        {"type": "array", "items": {"anyOf": [_CATEGORY_SCHEMA, {"type": "string"}]}, "maxItems": MAX_CATEGORIES},
        {"type": "string", "minLength": 1, "maxLength": MAX_CATEGORY},
    ]
}


@extend_schema_field(_CATEGORIES_SCHEMA)
class CategoriesField(serializers.Field[dict[str, str], Any, Any, Any]):
    """Categories with their descriptions: a list of `{name: description}`, one such object, or bare names."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """Returns name to description."""
        rows = data if isinstance(data, list) else [data]
        categories: dict[str, str] = {}
        for row in rows:
            categories.update(row if isinstance(row, dict) else {row: ""} if isinstance(row, str) else {"": ""})
        if len(categories) > MAX_CATEGORIES or not all(_is_category(*item) for item in categories.items()):
            raise serializers.ValidationError(
                "Must be at most 100 objects {name: description}, names of 1 to 100 characters."
            )
        return categories

    def to_representation(self, value: Any) -> Any:
        """Never called: the field is only read."""
        return value


def _is_category(name: str, description: Any) -> bool:
    return 0 < len(name) <= MAX_CATEGORY and isinstance(description, str) and len(description) <= 1000


@extend_schema_field({})
class IgnoredField(serializers.Field[Any, Any, Any, Any]):
    """A parameter that clients send and that means nothing here: it may have any value, and none is kept."""

    def __init__(self, why: str = "") -> None:
        super().__init__(required=False, help_text=f"Accepted and ignored. {why}".strip())

    def run_validation(self, _data: Any = serializers.empty) -> Any:
        """Leaves the parameter out of what was validated."""
        raise serializers.SkipField
