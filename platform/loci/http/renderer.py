"""How answers are written: JSON by orjson, with one form of time (contract.md §3)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer

_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS


def dump_json(value: Any) -> bytes:
    """Returns `value` as JSON; datetimes become `2026-01-15T10:30:00.000000+00:00`, dates `YYYY-MM-DD`.

    Raises `TypeError` for whatever JSON does not know, naive datetimes included.
    """
    return orjson.dumps(value, default=_default, option=_OPTIONS)


class JSONRenderer(BaseRenderer):
    """Renders DRF's answers with `dump_json`."""

    media_type = "application/json"
    format = "json"
    charset = None  # JSON is UTF-8 by definition.

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """Returns `data` as JSON; an answer without data has no body."""
        return b"" if data is None else dump_json(data)


def moment(at: datetime | None) -> str | None:
    """Returns a time with microseconds and a numeric offset: older Pythons cannot read `Z`."""
    return at.isoformat(timespec="microseconds") if at else None


def _default(value: Any) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form.")
