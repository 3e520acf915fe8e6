"""The API's description as readers of `/docs` see it."""

import re
from typing import Any

_SOURCE = re.compile(r"\s*\((?:contract|design|reliability)\.md[^)]*\)")


def without_sources(result: Any, **_: Any) -> Any:
    """Returns the description without the places that docstrings cite: those documents are not the reader's."""
    if isinstance(result, dict):
        return {
            key: _SOURCE.sub("", value) if key == "description" and isinstance(value, str) else without_sources(value)
            for key, value in result.items()
        }
    return [without_sources(item) for item in result] if isinstance(result, list) else result
