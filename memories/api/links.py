"""Which answer leads to which operation, for the API's description (OpenAPI links)."""

from typing import Any

Json = dict[str, Any]

_OF_MEMORY = ("get_a_memory", "update_a_memory", "get_a_memorys_history", "delete_a_memory")
_V3, _V1 = "$response.body#/results/0/id", "$response.body#/0/id"


def _to_memory(expression: str) -> Json:
    return {name: {"operationId": name, "parameters": {"memory_id": expression}} for name in _OF_MEMORY}


_TO_EVENT: Json = {
    "get_an_event": {"operationId": "get_an_event", "parameters": {"event_id": "$response.body#/event_id"}}
}

LINKS: dict[str, Json] = {
    "add_memories": _to_memory(_V3) | _TO_EVENT,
    "add_memories_v1": _to_memory(_V1),
    "list_memories": _to_memory(_V3),
    "search_memories": _to_memory(_V3),
    "delete_memories": _TO_EVENT,
    "erase_an_entity": _TO_EVENT,
    "erase_an_entity_by_its_number": _TO_EVENT,
}
"""By the operation that answers."""


def with_links(result: Json, **_: Any) -> Json:
    """Returns the description with the links of each answer."""
    for methods in result["paths"].values():
        for operation in methods.values():
            if links := LINKS.get(operation["operationId"]):
                operation["responses"]["200"]["links"] = links
    return result
