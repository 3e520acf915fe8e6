"""What is sent: Mem0's shape, at most 20 KB of it (contract.md §11, reliability.md §2.6)."""

from collections.abc import Mapping
from typing import Any

import orjson

MAX_BODY_BYTES = 20_480

WHOSE = ("user_id", "agent_id", "app_id", "run_id")
"""What else a message says that is gone with the memory that it tells of."""


def body_of(details: Mapping[str, Any]) -> str:
    """Returns the body that says these `event_details`; too large a one tells without quoting, and is marked `thin`."""
    whole = _dump(details)
    body = whole if len(whole) <= MAX_BODY_BYTES else _dump(_unquoted(details) | {"thin": True})
    return body.decode()


def _dump(details: Mapping[str, Any]) -> bytes:
    return orjson.dumps({"event_details": details})


def _unquoted(details: Mapping[str, Any]) -> dict[str, Any]:
    empty = {"data": {"memory": None}, "categories": []}
    kept = {name: value for name, value in details.items() if name not in WHOSE}
    return kept | {name: value for name, value in empty.items() if name in details}
