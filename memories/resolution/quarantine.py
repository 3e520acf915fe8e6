"""Facts that wait for a decision, as JSON: everything that resolving them then needs, and where they came from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime

from memories.extraction.base import Edge, Fact, Relation
from memories.models import Lifetime, Trust


@dataclass(frozen=True)
class Known:
    """A memory as the extractor was shown it."""

    memory_id: UUID
    version: int


@dataclass(frozen=True)
class Waiting:
    """A fact as it was when it was put into quarantine; its `candidate` is 0, which `known` is, where it has one."""

    fact: Fact
    extractor: str
    speaker_name: str
    known: Known | None


def kept_in_quarantine(fact: Fact, *, extractor: str, speaker_name: str, known: Known | None) -> dict[str, Any]:
    """Returns the fact as a row of the quarantine keeps it; `known` is the memory that its relation is about."""
    return {
        **asdict(fact),
        "event_time": fact.event_time.isoformat() if fact.event_time else None,
        "candidate": {"id": str(known.memory_id), "version": known.version} if known else None,
        "extractor": extractor,
        "speaker_name": speaker_name,
    }


def waiting_of(kept: Mapping[str, Any]) -> Waiting:
    """Returns what `kept_in_quarantine` wrote."""
    known = Known(UUID(kept["candidate"]["id"]), kept["candidate"]["version"]) if kept["candidate"] else None
    fact = Fact(
        text=kept["text"],
        sources=tuple(kept["sources"]),
        speaker=kept["speaker"],
        categories=tuple(kept["categories"]),
        attribute=kept["attribute"],
        value=kept["value"],
        event_time=parse_datetime(kept["event_time"]) if kept["event_time"] else None,
        lifetime=Lifetime(kept["lifetime"]),
        importance=kept["importance"],
        topics=tuple(kept["topics"]),
        relations=tuple(Edge(**edge) for edge in kept["relations"]),
        relation=Relation(kept["relation"]) if known else None,
        candidate=0 if known else None,
        trust=Trust(kept["trust"]),
        flags=tuple(kept["flags"]),
    )
    return Waiting(fact, kept["extractor"], kept["speaker_name"], known)
