"""Haystack's memory store."""

from haystack.dataclasses import ChatMessage
from haystack_integrations.memory_stores.mem0 import Mem0MemoryStore
from integration import USER, make_host_the_default, report, wait_until_remembered

QUESTION = "Which city does this person live in?"

make_host_the_default()
store = Mem0MemoryStore()
steps = {
    "Mem0MemoryStore.add_memories": store.add_memories(
        messages=[ChatMessage.from_user("Prefers aisle seats")],
        user_id=USER,
        infer=False,
        metadata={"about": "travel"},
    )
}
store.add_memories(messages=[ChatMessage.from_user("I live in Lisbon.")], user_id=USER)
wait_until_remembered(2)

travel = {"field": "about", "operator": "==", "value": "travel"}
found = {
    "Mem0MemoryStore.search_memories": store.search_memories(query=QUESTION, user_id=USER),
    "Mem0MemoryStore.search_memories by metadata": store.search_memories(
        query="Which seat?", filters=travel, user_id=USER
    ),
    "Mem0MemoryStore.search_memories without a query": store.search_memories(user_id=USER),
}
for name, messages in found.items():
    steps[name] = [{"text": message.text, "meta": message.meta} for message in messages]
report(steps, "mem0-haystack", "haystack-ai", "mem0ai")
