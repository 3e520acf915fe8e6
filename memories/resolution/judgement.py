"""What is judged of a text beside it, as columns of a memory and as each statement keeps it.

A memory shows what its last statements said. Should they be taken back, the ones before have theirs still.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from django.utils.dateparse import parse_datetime

from memories.extraction.base import Fact
from memories.topics import topic_keys

NO_CATEGORIES: Mapping[str, Any] = {"categories": None}
"""Those given before hold no more. An empty list is "none were given", and leaves them."""


def columns_of(fact: Fact) -> dict[str, Any]:
    """Returns the columns of a memory that an extractor judges, and those that judge where the fact came from."""
    return {
        "event_time": fact.event_time,
        "lifetime": fact.lifetime,
        "importance": fact.importance,
        "topics": list(fact.topics),
        "topic_keys": topic_keys(fact.topics),
        "relations": [asdict(edge) for edge in fact.relations],
        "trust": fact.trust,
        "flags": list(fact.flags),
    }


def kept_of(fact: Fact) -> dict[str, Any]:
    """Returns the same as JSON, with the fact's categories and its own attribute."""
    columns = columns_of(fact)
    columns["event_time"] = fact.event_time.isoformat() if fact.event_time else None
    own = {"categories": list(fact.categories), "attribute": fact.attribute or "", "value": fact.value or ""}
    return {name: value for name, value in columns.items() if name != "topic_keys"} | own


def columns_after(kept: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Returns the columns of a memory after statements of which this was kept, one after the other.

    The last one's judgement holds; of categories the last that were given, unless they hold no more.
    """
    columns: dict[str, Any] = dict(NO_CATEGORIES)
    for one in kept:
        said = {name: value for name, value in one.items() if name not in {"attribute", "value", "categories"}}
        columns |= {**said, "categories": columns["categories"] if one["categories"] == [] else one["categories"]}
    if "topics" in columns:
        columns["topic_keys"] = topic_keys(columns["topics"])
        columns["event_time"] = parse_datetime(columns["event_time"]) if columns["event_time"] else None
    return columns
