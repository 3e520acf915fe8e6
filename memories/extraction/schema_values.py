"""Whether a value that was extracted as text is what a JSON schema asks for."""

from collections.abc import Mapping
from typing import Any

_BOOLEANS = {"true", "false"}


def fits(value: str, schema: Mapping[str, Any]) -> bool:
    """Tells whether a text is a value of the schema: by its `type` and its `enum`; all else is not looked at."""
    if "enum" in schema and value not in map(str, schema["enum"]):
        return False
    match schema.get("type"):
        case "boolean":
            return value.lower() in _BOOLEANS
        case "integer":
            return value.removeprefix("-").isdecimal()
        case "number":
            return _is_number(value)
    return True


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
