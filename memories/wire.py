"""A memory as the wire shows it, wherever it is shown (contract.md §3.1)."""

from datetime import datetime
from typing import Any

from loci.http.renderer import moment
from memories.models import Memory


def memory_json(memory: Memory) -> dict[str, Any]:
    """Returns the memory object of contract.md §3.1."""
    return {
        "id": str(memory.id),
        "memory": memory.text,
        "user_id": memory.user_id,
        "agent_id": memory.agent_id,
        "app_id": memory.app_id,
        "run_id": memory.run_id,
        "session_id": memory.run_id,
        "hash": memory.hash,
        "metadata": memory.metadata,
        "categories": memory.categories,
        "created_at": moment(memory.created_at),
        "updated_at": moment(memory.updated_at),
        "expiration_date": memory.expires_on.isoformat() if memory.expires_on else None,
        "immutable": memory.immutable,
        "structured_attributes": _calendar(memory.created_at),
        "event_time": moment(memory.event_time) if memory.event_time else None,
        "lifetime": memory.lifetime,
        "importance": memory.importance,
        "topics": memory.topics,
        "relations": memory.relations,
        "trust": memory.trust,
        "flags": memory.flags,
        "replaced_by": str(memory.replaced_by_id) if memory.replaced_by_id else None,
        "synthesized": False,
        "lifecycle_state": memory.state,
    }


def _calendar(at: datetime) -> dict[str, Any]:
    return {
        "year": at.year,
        "month": at.month,
        "day": at.day,
        "hour": at.hour,
        "minute": at.minute,
        "day_of_week": at.strftime("%A").lower(),
        "week_of_year": at.isocalendar().week,
        "day_of_year": at.timetuple().tm_yday,
        "quarter": (at.month - 1) // 3 + 1,
        "is_weekend": at.weekday() >= 5,
    }
