"""AutoGen's memory, as an agent uses it: also with a model context that it fills."""

import asyncio
import io
import logging

from autogen_core.memory import MemoryContent, MemoryMimeType
from autogen_core.model_context import UnboundedChatCompletionContext
from autogen_core.models import UserMessage
from autogen_ext.memory.mem0 import Mem0Memory
from integration import API_KEY, USER, make_host_the_default, remembered, report, wait_until_remembered

QUESTION = "Which city does this person live in?"


async def main() -> None:
    errors = io.StringIO()
    logging.basicConfig(stream=errors, level=logging.ERROR, format="%(message)s")
    memory = Mem0Memory(user_id=USER, api_key=API_KEY)
    text = MemoryContent(content="I live in Lisbon.", mime_type=MemoryMimeType.TEXT, metadata={"source": "chat"})
    steps = {"Mem0Memory.add": await memory.add(text)}
    wait_until_remembered()
    found = await memory.query(QUESTION)
    # When a query fails, it logs an error and finds nothing.
    steps["Mem0Memory.query"] = errors.getvalue().strip() or [hit.model_dump() for hit in found.results]
    context = UnboundedChatCompletionContext(initial_messages=[UserMessage(content=QUESTION, source="user")])
    await memory.update_context(context)
    steps["Mem0Memory.update_context"] = [message.content for message in await context.get_messages()]
    await memory.clear()
    steps["Mem0Memory.clear"] = f"{remembered()} are left."
    report(steps, "autogen-ext", "mem0ai")


make_host_the_default()
asyncio.run(main())
