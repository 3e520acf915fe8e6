"""The values of a filter. A reader takes a field's name and JSON; it returns a value of the tree or raises a 400."""

import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from loci.errors import DomainError
from memories.retrieval.filters.tree import Value

MAX_LIST = 100
MAX_ID_CHARS = 256
MAX_CATEGORY_CHARS = 100
"""The width of the column: Postgres would cut a longer one off, and then find it."""
MAX_KEY_CHARS = 128
MAX_TEXT_CHARS = 1_000

Reader = Callable[[str, Any], Value]


def invalid(sentence: str) -> DomainError:
    """Returns the error of a filter that is not understood, in the hosted shape (contract.md §2)."""
    return DomainError(sentence, body={"filters": [sentence]})


def read_list(field: str, values: Any, read: Reader) -> tuple[Value, ...]:
    """Reads each of 1 to `MAX_LIST` values."""
    if not isinstance(values, list) or not 1 <= len(values) <= MAX_LIST:
        raise invalid(f"{field}: a list of 1 to {MAX_LIST} values is required.")
    return tuple(read(field, value) for value in values)


def read_text(field: str, value: Any) -> str:
    """Reads a string of 1 to `MAX_TEXT_CHARS` characters."""
    return _text(field, value, MAX_TEXT_CHARS)


def read_category(field: str, value: Any) -> str:
    """Reads a category or a part of one, without control characters."""
    category = _text(field, value, MAX_CATEGORY_CHARS)
    if _has_control_characters(category):
        raise invalid(f"{field}: a category has no control characters.")
    return category


def read_key(field: str, value: Any) -> str:
    """Reads a key of metadata."""
    return _text(field, value, MAX_KEY_CHARS)


def read_entity_id(field: str, value: Any) -> str:
    """Reads an entity id, also a whole number: trimmed, in NFC, no control characters (reliability.md §2.8)."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    text = _text(field, value, MAX_ID_CHARS)
    name = unicodedata.normalize("NFC", text).strip()
    if not name or _has_control_characters(name):
        raise invalid(f"{field}: an id has no control characters and is not blank.")
    return name


def read_memory_id(field: str, value: Any) -> UUID:
    """Reads a memory's id."""
    try:
        return UUID(_text(field, value, MAX_ID_CHARS))
    except ValueError:
        raise invalid(f"{field}: each id should be a valid UUID.") from None


def read_date(field: str, value: Any) -> date:
    """Reads an ISO date, or an ISO date-time as an aware `datetime` in UTC; without an offset it is UTC."""
    for read in (date.fromisoformat, _moment):
        try:
            return read(value)
        except (TypeError, ValueError, OverflowError):
            continue
    raise invalid(f"{field}: an ISO date (YYYY-MM-DD) or date-time is required.")


def read_scalar(field: str, value: Any) -> str | int | float:
    """Reads a string, number or boolean of metadata."""
    if isinstance(value, (int, float)):
        return value
    if not isinstance(value, str):
        raise invalid(f"{field}: a string, number or boolean is required.")
    return _text(field, value, MAX_TEXT_CHARS, least=0)


def read_comparable(field: str, value: Any) -> str | int | float:
    """Reads what has an order: a number or a string."""
    if isinstance(value, bool):
        raise invalid(f"{field}: a number or a string is required.")
    return read_scalar(field, value)


def read_json(field: str, value: Any) -> Value:
    """Reads what metadata can equal: null, a scalar, or a list of scalars."""
    if value is None:
        return None
    return read_list(field, value, read_scalar) if isinstance(value, list) else read_scalar(field, value)


def read_flag(field: str, value: Any) -> bool:
    """Reads true or false."""
    if not isinstance(value, bool):
        raise invalid(f"{field}: true or false is required.")
    return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def _has_control_characters(text: str) -> bool:
    return any(unicodedata.category(character) == "Cc" for character in text)


def _text(field: str, value: Any, most: int, least: int = 1) -> str:
    if not isinstance(value, str) or not least <= len(value) <= most:
        raise invalid(f"{field}: a string of {least} to {most} characters is required.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise invalid(f"{field}: the string is not valid Unicode.") from None
    return value
