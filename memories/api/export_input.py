"""What an export may ask (contract.md §9.1, §9.2)."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from loci.errors import DomainError
from memories.api.answers.examples import EXPORT_ID
from memories.api.description import example
from memories.api.fields import EntityIdField
from memories.api.parameters import ConditionField, FiltersField, NamesField
from memories.api.serializers import MAX_INSTRUCTIONS, Input
from memories.exports.formats import FILES, has_parquet
from memories.exports.records import INCLUDED
from memories.exports.requesting import Request
from memories.exports.schemas import read_schema
from memories.json_schemas import InvalidSchema
from memories.models import ExportFormat
from memories.retrieval.filters import fold, has_scope
from memories.retrieval.filters.parser import ENTITY_FIELDS
from memories.retrieval.filters.request import FOLDED
from memories.retrieval.filters.tree import fields_of
from memories.scope import EntityType

FORMATS = [str(form) for form in FILES if form != ExportFormat.SCHEMA]
NO_SCHEMA = "Schema is required and must be a valid object"
NO_FILTER = "One of the filters: app_id, user_id, agent_id, run_id, memory_export_id is required!"
NO_PARQUET = "Parquet cannot be written here: the server needs loci[parquet]."
TABLES = "A {format} holds memories alone: include needs jsonl."
OF_ENTITIES = "Messages and entities can be included where the filters name nothing but entities."


@extend_schema_field({"type": ["object", "string"]})
class SchemaField(serializers.JSONField):
    """A JSON schema, which `memories.exports.schemas` reads."""


class FilteredInput(Input):
    """Which memories are meant. It is for the description: `memories.retrieval.filters.fold` reads the filters."""

    filters = FiltersField(required=False, help_text="Whose memories, and which of them.")
    user_id = ConditionField("The user that the memories are about.")
    agent_id = ConditionField("The agent that the memories are about.")
    app_id = ConditionField("The app that the memories are about.")
    run_id = ConditionField("The run that the memories are about.")


@example({"schema": {"type": "object", "properties": {"city": {"type": "string"}}}, "filters": {"user_id": "alex"}})
class ExportInput(FilteredInput):
    """The parameters of an export."""

    schema = SchemaField(
        required=False,
        help_text=(
            "The JSON schema of the object that is wanted, as an object or as text; required unless a `format` is. At"
            " most 64 KiB; a `$ref` leads to its own definitions, and a `pattern` is shown to a model and not enforced."
        ),
    )
    export_instructions = serializers.CharField(
        required=False, max_length=MAX_INSTRUCTIONS, help_text="What else a language model is to heed."
    )
    format = serializers.ChoiceField(
        choices=FORMATS,
        required=False,
        help_text="A file of everything in place of an object: `jsonl`, `csv` or, where the server can, `parquet`.",
    )
    include = NamesField(
        required=False,
        max_length=len(INCLUDED),
        help_text=f"What a `jsonl` tells beside the memories: {', '.join(INCLUDED)}.",
    )
    entity_type = serializers.ChoiceField(
        choices=list(map(str, EntityType)), required=False, help_text="With `entity_id`: whose memories are meant."
    )
    entity_id = EntityIdField(help_text="With `entity_type`: the id that the application uses.")

    def validate_include(self, include: list[str]) -> list[str]:
        """Refuses what cannot be included."""
        if unknown := sorted(set(include) - set(INCLUDED)):
            raise serializers.ValidationError(f"{unknown[0]} is none of {', '.join(INCLUDED)}.")
        return list(dict.fromkeys(include))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuses half of an entity."""
        if ("entity_type" in attrs) != ("entity_id" in attrs):
            raise serializers.ValidationError("entity_type and entity_id come together.")
        return attrs


@example({"memory_export_id": EXPORT_ID})
class GetExportInput(FilteredInput):
    """Which export is wanted: the one with this id, or the newest with these filters."""

    memory_export_id = serializers.CharField(required=False, max_length=64, help_text="The export's id.")


def export_request(asked: dict[str, Any]) -> Request:
    """Returns the export that is asked for; raises `DomainError` and `ValidationError` (400)."""
    given = ExportInput(data={name: value for name, value in asked.items() if name != "schema"})
    given.is_valid(raise_exception=True)
    wanted = given.validated_data
    filters = filters_of(asked)
    if "entity_type" in wanted:
        filters[f"{wanted['entity_type']}_id"] = wanted["entity_id"]
    if "format" not in wanted:
        schema = _schema(asked.get("schema"))
        return Request(scoped(filters), schema=schema, instructions=wanted.get("export_instructions", ""))
    return _file(ExportFormat(wanted["format"]), filters, tuple(wanted.get("include", ())))


def filters_of(asked: dict[str, Any]) -> dict[str, Any]:
    """Returns those parameters that say which memories are meant."""
    return {name: asked[name] for name in FOLDED if name in asked}


def scoped(filters: dict[str, Any]) -> dict[str, Any]:
    """Returns filters that name an entity; raises `DomainError` (400) for others."""
    if not has_scope(fold(filters)):
        raise DomainError(NO_FILTER, body={"error": NO_FILTER})
    return filters


def _schema(given: Any) -> Any:
    try:
        return read_schema(given)
    except InvalidSchema as error:
        detail = NO_SCHEMA if given is None else f"{NO_SCHEMA}. {error}"
        raise DomainError(detail, body={"message": NO_SCHEMA}) from error


def _file(form: ExportFormat, filters: dict[str, Any], include: tuple[str, ...]) -> Request:
    if form == ExportFormat.PARQUET and not has_parquet():
        raise DomainError(NO_PARQUET, body={"format": [NO_PARQUET]})
    if include and FILES[form].is_table:
        words = TABLES.format(format=form)
        raise DomainError(words, body={"include": [words]})
    if {"messages", "entities"} & {*include} and not fields_of(fold(filters)) <= {*ENTITY_FIELDS}:
        raise DomainError(OF_ENTITIES, body={"include": [OF_ENTITIES]})
    return Request(filters, form, include=include)
