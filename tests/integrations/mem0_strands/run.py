"""The memory store of Strands agents."""

import asyncio
from typing import Any

from integration import API_KEY, HOST, USER, report, wait_until_remembered
from mem0_strands import Mem0MemoryStore
from strands.memory import MemoryEntry


def as_json(entry: MemoryEntry) -> dict[str, Any]:
    return {"content": entry.content, "metadata": entry.metadata}


async def main() -> None:
    store = Mem0MemoryStore(user_id=USER, api_key=API_KEY, host=HOST, metadata={"source": "strands"})
    added = await store.add("Prefers aisle seats")
    extracted = await store.add_messages([{"role": "user", "content": [{"text": "I live in Lisbon."}]}])
    wait_until_remembered(2)
    found = await store.search("Which city does this person live in?")
    best = await store.search("Which seat on a plane?", {"max_search_results": 1})
    steps = {
        "Mem0MemoryStore.add": added,
        "Mem0MemoryStore.add_messages": extracted,
        "Mem0MemoryStore.search": [as_json(hit) for hit in found],
        "Mem0MemoryStore.search for one": [as_json(hit) for hit in best],
    }
    report(steps, "mem0-strands", "strands-agents", "mem0ai")


asyncio.run(main())
