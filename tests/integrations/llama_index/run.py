"""The memory of LlamaIndex, as a chat engine uses it: it stores each message and puts memories before the history."""

from importlib.metadata import version

from integration import API_KEY, HOST, USER, error_of, report, wait_until_remembered
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.memory import Memory
from llama_index.memory.mem0 import Mem0Memory
from mem0 import MemoryClient

CONTEXT = {"user_id": USER}


def from_client() -> Mem0Memory:
    return Mem0Memory.from_client(context=CONTEXT, api_key=API_KEY, host=HOST)


def from_parts() -> Mem0Memory:
    client = MemoryClient(api_key=API_KEY, host=HOST)
    return Mem0Memory(primary_memory=Memory.from_defaults(), context=CONTEXT, client=client)


steps: dict[str, object] = {"Mem0Memory.from_client": error_of(from_client)}
memory = from_parts() if version("mem0ai").startswith("2.") else from_client()
memory.put(ChatMessage(role="user", content="I live in Lisbon."))
memory.put(ChatMessage(role="assistant", content="A lovely city!"))
wait_until_remembered()
messages = memory.get("Which city do I live in?")
steps["Mem0Memory.put, Mem0Memory.get"] = [{"role": message.role, "content": message.content} for message in messages]
report(steps, "llama-index-memory-mem0", "llama-index-core", "mem0ai")
