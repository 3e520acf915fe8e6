"""What a project's settings and an add's own parameters ask of extraction (contract.md §5.7, §10)."""

from collections.abc import Mapping
from typing import Any

from memories.extraction.base import Instructions


def instructions_of(payload: Mapping[str, Any]) -> Instructions:
    """Returns the instructions in an event's payload, where the add's own go before its project's."""
    return Instructions(
        custom_instructions=payload.get("custom_instructions") or "",
        agent_custom_instructions=payload.get("agent_custom_instructions") or "",
        update_custom_instructions=payload.get("update_custom_instructions") or "",
        includes=payload.get("includes") or "",
        excludes=payload.get("excludes") or "",
        categories=payload.get("custom_categories") or {},
        usecase=payload.get("usecase") or "",
        memory_depth=payload.get("memory_depth") or "",
        is_multilingual=payload.get("multilingual", True),
        attributes=payload.get("structured_data_schema") or {},
        may_forget=payload.get("forget_on_request", False),
    )
