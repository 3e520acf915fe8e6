"""The conversation of an add, with the images and documents that come with it (contract.md §3.5)."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from memories.api.fields import MAX_CONTENT, MAX_ID, MAX_MESSAGES, MAX_TEXT
from memories.api.media import MAX_FILES, PARTS, MediaReader, has_file
from memories.services.files import NewFile, NewMessage, placeholder

ROLES = ("user", "assistant", "system", "tool")

_TEXT_SCHEMA = {"type": "string", "maxLength": MAX_CONTENT}
_PART_SCHEMA = {
    "type": "object",
    "properties": {"type": {"type": "string", "enum": ["text"]}, "text": _TEXT_SCHEMA},
    "required": ["text"],
}
_SOURCE_SCHEMA = {"type": "string", "minLength": 1, "description": "https URL, data URL or base64."}
_MEDIA_SCHEMAS = [
    {
        "type": "object",
        "properties": {
            "type": {"type": "string", "enum": [name]},
            name: {
                "anyOf": [
                    {"type": "object", "properties": {"url": _SOURCE_SCHEMA}, "required": ["url"]},
                    _SOURCE_SCHEMA,
                ]
            },
        },
        "required": ["type", name],
    }
    for name in PARTS
]
_MESSAGE_SCHEMA = {
    "type": "object",
    "properties": {
        "role": {"type": "string", "enum": list(ROLES), "default": "user"},
        "content": {
            "anyOf": [
                _TEXT_SCHEMA,
                _PART_SCHEMA,
                *_MEDIA_SCHEMAS,
                {"type": "array", "items": {"anyOf": [_PART_SCHEMA, *_MEDIA_SCHEMAS, _TEXT_SCHEMA, {"type": "null"}]}},
            ]
        },
        "name": {"type": "string", "maxLength": MAX_ID, "description": "Who speaks; it changes no scope."},
    },
    "required": ["content"],
}
_MESSAGES_SCHEMA = {
    "anyOf": [
        {
            "type": "array",
            "items": {"anyOf": [_MESSAGE_SCHEMA, _TEXT_SCHEMA]},
            "minItems": 1,
            "maxItems": MAX_MESSAGES,
        },
        _MESSAGE_SCHEMA,
        _TEXT_SCHEMA,
    ]
}


@extend_schema_field(_MESSAGES_SCHEMA)
class MessagesField(serializers.Field[tuple[NewMessage, ...], Any, Any, Any]):
    """The conversation: a list of messages, one message, or a string, which is one user message (contract.md §3.5)."""

    def to_internal_value(self, data: Any) -> tuple[NewMessage, ...]:
        """Returns at least one message. Raises `BodyTooLarge` (413) for files of more than 20 MB together."""
        rows = [data] if isinstance(data, str | dict) else data
        if not isinstance(rows, list) or not rows:
            raise serializers.ValidationError("Must be a list of messages, one message or a string.")
        if len(rows) > MAX_MESSAGES:
            raise serializers.ValidationError(f"At most {MAX_MESSAGES} messages are taken at once.")
        reader = MediaReader()
        messages = tuple(_message(row, reader) for row in rows)
        if sum(len(message.content) for message in messages) > MAX_TEXT:
            raise serializers.ValidationError(f"The messages may have {MAX_TEXT:,} characters together.")
        if reader.count > MAX_FILES:
            raise serializers.ValidationError(f"At most {MAX_FILES} images and documents are taken at once.")
        if not any(message.content.strip() for message in messages):
            raise serializers.ValidationError("At least one message must have text, an image or a document.")
        return messages

    def to_representation(self, value: Any) -> Any:
        """Never called: the field is only read."""
        return value


def _message(row: Any, reader: MediaReader) -> NewMessage:
    if isinstance(row, str):
        row = {"role": "user", "content": row}
    if not isinstance(row, Mapping):
        raise serializers.ValidationError("A message must be an object with role and content.")
    role = row.get("role") or "user"
    if role not in ROLES:
        raise serializers.ValidationError(f"A role must be one of {', '.join(ROLES)}.")
    name = row.get("name") or None
    if name is not None and not (isinstance(name, str) and len(name) <= MAX_ID):
        raise serializers.ValidationError("A name must be a string of at most 256 characters.")
    content, files = _content(row.get("content"), reader)
    if len(content) > MAX_CONTENT:
        raise serializers.ValidationError(f"A message may have {MAX_CONTENT:,} characters.")
    return NewMessage(role=role, content=content, name=name, files=files)


def _content(content: Any, reader: MediaReader) -> tuple[str, tuple[NewFile, ...]]:
    """The text, in which each file has its place, and the files."""
    texts, files = [], []
    for part in content if isinstance(content, list) else [content]:
        if has_file(part):
            files.append(reader.read(part))
            texts.append(placeholder(files[-1].kind, len(files)))
        else:
            texts.append(_text(part))
    return "\n".join(texts), tuple(files)


def _text(part: Any) -> str:
    if part is None:
        return ""
    if isinstance(part, Mapping) and part.get("type", "text") == "text":
        part = part.get("text")
    if isinstance(part, str):
        return part
    raise serializers.ValidationError(
        f"The content of a message must be text, or parts of type text, {', '.join(PARTS)}."
    )
