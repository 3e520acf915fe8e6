"""The settings of a project (contract.md §10): what each may be, what it is unless it is set, and what it does."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

MAX_TEXT: Final = 20_000
MAX_CATEGORIES: Final = 100
MAX_CATEGORY: Final = 100
MAX_CATEGORY_TEXT: Final = 1_000
MAX_CRITERIA: Final = 20
LONGEST_WAIT_MS: Final = 60_000
"""The longest that an asynchronous add of a project may wait for its result."""

COLUMNS: Final = ("add_wait_ms", "v1_is_synchronous", "shows_superseded", "attribution")
"""Loci's own settings: columns of the project, since every request asks for them."""

FLAGS: Final = ("multilingual", "forget_on_request")
"""The flags that steer extraction: also a false one, where the default is true."""

REDACT_PII: Final = "redact_pii"
SUSPICIOUS: Final = "suspicious_content"


class Suspicious(StrEnum):
    """What becomes of a fact or an edit that reads like an instruction to an assistant."""

    FLAG = "flag"
    QUARANTINE = "quarantine"
    """It waits for somebody who releases or discards it; an edit is refused."""
    REJECT = "reject"


FLAGGING: Final = "review_negative_feedback"
CONSOLIDATION: Final = "consolidation"


class Flagging(StrEnum):
    """Which feedback asks somebody to look at the memory."""

    OFF = "off"
    VERY_NEGATIVE = "very_negative"
    NEGATIVE = "negative"
    """That which is very negative, too."""


class Consolidation(StrEnum):
    """What becomes of memories that say the same."""

    OFF = "off"
    PROPOSE = "propose"
    """Somebody is asked whether to merge them."""
    APPLY = "apply"
    """They are merged at once, which can be undone."""


HEEDED = "Adds heed it unless they bring their own."
LATER = "Kept for a later release; it changes nothing yet."

_NAME: Final = {"type": "string", "minLength": 1, "maxLength": MAX_CATEGORY}
_CATEGORY: Final = {
    "type": "object",
    "propertyNames": _NAME,
    "additionalProperties": {"type": "string", "maxLength": MAX_CATEGORY_TEXT},
}


@extend_schema_field({"type": "array", "items": {"anyOf": [_CATEGORY, _NAME]}, "maxItems": MAX_CATEGORIES})
class CategoriesField(serializers.Field[list[dict[str, str]], Any, Any, Any]):
    """Categories: a list of `{name: description}` or of bare names; it is read as one object for each category."""

    def to_internal_value(self, data: Any) -> list[dict[str, str]]:
        """Returns `[{name: description}]`; of a repeated name the last one counts."""
        if not isinstance(data, list):
            raise serializers.ValidationError("Must be a list of {name: description} or of names.")
        found: dict[str, str] = {}
        for row in data:
            found |= row if isinstance(row, dict) else {row: ""} if isinstance(row, str) else {"": ""}
        if len(found) > MAX_CATEGORIES or not all(_is_category(*item) for item in found.items()):
            raise serializers.ValidationError(
                f"Must be at most {MAX_CATEGORIES} categories: names of 1 to {MAX_CATEGORY} characters, descriptions of"
                f" at most {MAX_CATEGORY_TEXT:,}."
            )
        return [{name: description} for name, description in found.items()]

    def to_representation(self, value: Any) -> Any:
        """Returns what is stored."""
        return value


def _is_category(name: str, description: Any) -> bool:
    return 0 < len(name) <= MAX_CATEGORY and isinstance(description, str) and len(description) <= MAX_CATEGORY_TEXT


@extend_schema_field(
    {
        "anyOf": [
            {"type": "string", "maxLength": MAX_TEXT},
            {"type": "array", "items": {"type": "string"}},
        ]
    }
)
class InstructionsField(serializers.CharField):
    """Instructions: one text, or a list of texts, which become its lines."""

    def to_internal_value(self, data: Any) -> str:
        """Returns the text."""
        if isinstance(data, list) and all(isinstance(line, str) for line in data):
            data = "\n".join(data)
        return super().to_internal_value(data)


class Criterion(serializers.Serializer[Any]):
    """One of the things by which memories are to be weighed."""

    name = serializers.CharField(max_length=100, help_text="What it is called.")
    description = serializers.CharField(max_length=MAX_CATEGORY_TEXT, help_text="What it means.")
    weight = serializers.FloatField(min_value=-100, max_value=100, default=1.0, help_text="How much it counts.")


def _text(says: str, *, longest: int = MAX_TEXT) -> serializers.CharField:
    return serializers.CharField(max_length=longest, default=None, allow_null=True, help_text=says)


def _instructions(says: str) -> InstructionsField:
    return InstructionsField(max_length=MAX_TEXT, default=None, allow_null=True, help_text=says)


def _flag(says: str, *, default: bool = False) -> serializers.BooleanField:
    return serializers.BooleanField(default=default, allow_null=True, help_text=says)


class ProjectSettings(serializers.Serializer[Any]):
    """The contract's settings, each with its default. Null puts one back to that."""

    custom_instructions = _instructions(f"What the extraction should heed. {HEEDED}")
    agent_custom_instructions = _instructions(f"What it should heed in what the agent says. {HEEDED}")
    custom_categories = CategoriesField(
        default=None, allow_null=True, help_text=f"What memories are sorted into. {HEEDED}"
    )
    inclusion_prompt = _text(f"What alone should be remembered. {HEEDED}")
    exclusion_prompt = _text(f"What should not be remembered. {HEEDED}")
    update_custom_instructions = _instructions(f"What it should heed where a fact meets what is known. {HEEDED}")
    summary_custom_instructions = _instructions("What summaries should heed, where a model writes them.")
    summary_batch_size = serializers.IntegerField(
        min_value=1,
        max_value=1_000,
        default=50,
        allow_null=True,
        help_text="How many memories a call to the model sums up. A summary is of at most six times as many, the most"
        " important and newest.",
    )
    summary_max_tokens = serializers.IntegerField(
        min_value=1,
        max_value=100_000,
        default=None,
        allow_null=True,
        help_text="How long a summary may be, in tokens by estimate: one for every four bytes. 1,000 unless it is set.",
    )
    retrieval_criteria = serializers.ListField(
        child=Criterion(),
        max_length=MAX_CRITERIA,
        default=None,
        allow_null=True,
        help_text=f"What search results are weighed by. {LATER}",
    )
    usecase = _text("What the project is for, a hint for the extraction; `usecase_setting` is its older name.")
    memory_depth = _text("How much should be remembered, a hint for the extraction.")
    expiration_date = serializers.DateField(
        default=None, allow_null=True, help_text=f"The last day of new memories. {LATER}"
    )
    active_prompt_profile = _text(f"The profile of prompts in use. {LATER}", longest=200)
    version = serializers.ChoiceField(
        choices=["v1", "v2", "v3"],
        default="v2",
        allow_null=True,
        help_text="The API that the project is for; it changes nothing: the address of a request says its version.",
    )
    enable_graph = _flag("It changes nothing: topics and relations are always kept.")
    multilingual = _flag("Whether memories keep the language of the conversation; else they are English.", default=True)
    forget_on_request = _flag(
        "Whether users may have memories forgotten by asking for it in a conversation, as `forget my food preferences`."
    )
    suspicious_content = serializers.ChoiceField(
        choices=list(Suspicious),
        default=Suspicious.FLAG.value,
        allow_null=True,
        help_text="What becomes of a fact that reads like an instruction to an assistant: it is kept with a flag, waits"
        " in the quarantine until somebody releases or discards it, or is rejected. Edits to such a text are refused"
        " unless it is `flag`.",
    )
    redact_pii = _flag(
        "Whether emails, phone numbers, IBANs, national ids and street addresses are taken out of messages and memories"
        " before they are kept. Secrets always are."
    )
    review_negative_feedback = serializers.ChoiceField(
        choices=list(Flagging),
        default=Flagging.OFF.value,
        allow_null=True,
        help_text="Which feedback opens a review of the memory: none, what is `VERY_NEGATIVE`, or `NEGATIVE` too.",
    )
    consolidation = serializers.ChoiceField(
        choices=list(Consolidation),
        default=Consolidation.OFF.value,
        allow_null=True,
        help_text="What becomes of memories of the same entities that say the same: nothing, a review that asks whether"
        " to merge them, or a merge at once, which its review can undo.",
    )
    decay = _flag("Whether memories that are used move up in searches, and those that are not move down.")


DEFAULTS: Final[Mapping[str, Any]] = {name: field.default for name, field in ProjectSettings().fields.items()}


def all_settings(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Returns every setting as the wire shows it, given those that a project keeps."""
    return {**DEFAULTS, **kept}


def with_changes(kept: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what a project keeps after `changes`, as JSON: only what differs from the default. None clears."""
    wanted = {**kept, **{name: _plain(value) for name, value in changes.items()}}
    return {name: value for name, value in wanted.items() if value not in (None, [], DEFAULTS[name])}


def extraction_options(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings that steer extraction, under the names that an add has for them; only those that are set."""
    categories = {name: text for row in kept.get("custom_categories", ()) for name, text in row.items()}
    named = {
        "custom_instructions": kept.get("custom_instructions"),
        "agent_custom_instructions": kept.get("agent_custom_instructions"),
        "includes": kept.get("inclusion_prompt"),
        "excludes": kept.get("exclusion_prompt"),
        "custom_categories": categories,
        **{name: kept.get(name) for name in ("update_custom_instructions", "usecase", "memory_depth", *FLAGS)},
    }
    return {name: value for name, value in named.items() if value or (value is False and name in FLAGS)}


def screening_options(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings that say what is done about suspect content; only those that are set."""
    return {name: kept[name] for name in (REDACT_PII, SUSPICIOUS) if kept.get(name)}


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
