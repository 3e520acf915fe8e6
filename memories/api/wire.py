"""Memories, events and entities as the wire shows them (contract.md §3, §8)."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from http.client import responses
from typing import Any

from loci.http.renderer import moment
from loci.models import RequestLog
from memories.attributes import Told
from memories.models import Attribute, Entity, Event, EventStatus
from memories.past import Interval, as_it_was
from memories.retrieval.explaining import Matched
from memories.retrieval.ranking import Dropped, Hit, Leg
from memories.scope import EntityType
from memories.wire import memory_json
from orgs.queries import Caller

QUEUED = "Memory processing has been queued for background execution"


def said_json(row: Any) -> dict[str, Any]:
    """Returns the memory object of a row for `past.as_it_was`, and from when to when it was so."""
    memory, interval = as_it_was(row)
    return {**memory_json(memory), **_interval_json(interval)}


def _interval_json(interval: Interval) -> dict[str, str | None]:
    ends = moment(interval.valid_to) if interval.valid_to else None
    return {"valid_from": moment(interval.valid_from), "valid_to": ends}


def hit_json(hit: Hit) -> dict[str, Any]:
    """Returns a search result: the memory object with its score and where that came from."""
    return {
        **memory_json(hit.memory),
        **(_interval_json(hit.interval) if hit.interval else {}),
        **_scores_json(hit),
    }


def _scores_json(hit: Hit) -> dict[str, Any]:
    breakdown = {
        "semantic": hit.semantic,
        "bm25": hit.lexical,
        "entity": hit.attribute,
        "absolute": hit.absolute,
        "decay": hit.decay,
        "feedback": hit.feedback,
    }
    judged = {} if hit.rerank is None else {"rerank": hit.rerank}
    return {"score": hit.score, "score_breakdown": breakdown | judged}


LEGS = {"semantic": "semantic", "coverage": "bm25", "share": "entity", "clues": "clues", "context": "conversation"}
"""What the wire calls the legs of a ranking."""


def explanation_json(hit: Hit, held: Matched) -> dict[str, Any]:
    """Returns why a candidate stands where it does: how each leg ranks it, and what of the question it holds."""
    told = hit.explained
    legs = told.legs if told else {}
    return {
        "fused": told.fused if told else None,
        "legs": {shown: _leg_json(legs.get(name)) for name, shown in LEGS.items()},
        "matched_terms": [{"term": term, "words": words} for term, words in held.terms.items()],
        "matched_attributes": [{"key": key, "value": value} for key, value in held.attributes.items()],
        "matched_topics": held.topics,
        "matched_clues": held.clues,
    }


def _leg_json(leg: Leg | None) -> dict[str, Any]:
    return {"rank": leg and leg.rank, "score": leg and leg.score}


def dropped_json(dropped: Dropped, held: Matched) -> dict[str, Any]:
    """Returns a candidate that is no hit, with the reason."""
    memory = dropped.hit.memory
    return {
        "id": str(memory.id),
        "memory": memory.text,
        "reason": dropped.reason,
        **_scores_json(dropped.hit),
        "explanation": explanation_json(dropped.hit, held),
    }


def only(row: Mapping[str, Any], fields: Collection[str] | None) -> dict[str, Any]:
    """Returns the keys that the caller asked for, and always `id`; all keys where it asked for none."""
    return {name: value for name, value in row.items() if not fields or name in fields or name == "id"}


def event_json(event: Event | RequestLog) -> dict[str, Any]:
    """Returns the event object of contract.md §8, with the verdict on every fact."""
    return _logged_json(event) if isinstance(event, RequestLog) else _accepted_json(event)


def _accepted_json(event: Event) -> dict[str, Any]:
    latency = (event.completed_at - event.created_at).total_seconds() * 1000 if event.completed_at else None
    return {
        "id": str(event.id),
        "event_type": event.event_type,
        "status": event.status,
        "payload": event.payload,
        "metadata": event.payload.get("metadata"),
        "results": [{"user_id": event.user_id, **item} for item in event.results],
        "verdicts": event.verdicts,
        "created_at": moment(event.created_at),
        "updated_at": moment(event.updated_at),
        "started_at": moment(event.started_at),
        "completed_at": moment(event.completed_at),
        "latency": latency,
        "graph_status": None,
        "error": event.error or None,
    }


def _logged_json(request: RequestLog) -> dict[str, Any]:
    """A request that was answered at once: what it asked was never kept, and of what it found only the ids."""
    failed = request.status >= 400
    received = moment(request.created_at)
    answered = moment(request.created_at + timedelta(milliseconds=request.milliseconds))
    return {
        "id": str(request.id),
        "event_type": request.operation,
        "status": EventStatus.FAILED if failed else EventStatus.SUCCEEDED,
        "payload": {
            "method": request.method,
            "route": request.route,
            "status": request.status,
            "request_id": request.request_id,
            "stages": request.stages,
        },
        "metadata": None,
        "results": [] if failed else [{"id": str(memory_id)} for memory_id in request.memory_ids],
        "verdicts": [],
        "created_at": received,
        "updated_at": answered,
        "started_at": received,
        "completed_at": answered,
        "latency": request.milliseconds,
        "graph_status": None,
        "error": responses[request.status] if failed else None,
    }


def entity_json(entity: Entity, total_memories: int, caller: Caller) -> dict[str, Any]:
    """Returns the entity object of contract.md §3.4; its id is an integer written as a string."""
    return {
        "id": str(entity.number),
        "name": entity.name,
        "display_name": entity.display_name or None,
        "type": entity.type,
        "created_at": moment(entity.created_at),
        "updated_at": moment(entity.updated_at),
        "total_memories": total_memories,
        "owner": caller.user_email,
        "organization": caller.here.org_name,
        "metadata": entity.metadata,
    }


def attribute_json(attribute: Attribute, told: Told) -> dict[str, Any]:
    """Returns the current value of an attribute, with the memory that supports it."""
    return {
        "key": attribute.key,
        "value": attribute.value or None,
        "memory_id": str(attribute.memory_id),
        "memory": attribute.memory.text,
        "updated_at": moment(told.said_at),
        "valid_from": moment(told.valid_from),
    }


def told_json(told: Told) -> dict[str, Any]:
    """Returns a value that an attribute had, in its history."""
    return {
        "value": told.value,
        "memory_id": str(told.memory_id),
        "memory": told.text,
        "valid_from": moment(told.valid_from),
        "valid_to": moment(told.valid_to) if told.valid_to else None,
        "recorded_from": moment(told.recorded_from),
        "event_id": str(told.event_id) if told.event_id else None,
    }


def registration_json(entity: Entity, project_number: int) -> dict[str, Any]:
    """Returns the answer of contract.md §6.6; here the id is an integer, and a user has no `name`."""
    names = {} if entity.type == EntityType.USER else {"name": entity.display_name}
    return {
        "id": entity.number,
        f"{entity.type}_id": entity.name,
        **names,
        "metadata": entity.metadata,
        "created_at": moment(entity.created_at),
        "updated_at": moment(entity.updated_at),
        "graph_entities": None,
        "is_deleted": False,
        "project": project_number,
    }
