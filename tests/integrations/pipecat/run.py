"""Pipecat's memory service, in a pipeline through which the context of a conversation flows."""

import asyncio

from integration import API_KEY, HOST, USER, report, wait_until_remembered
from pipecat.frames.frames import LLMContextFrame
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.services.mem0.memory import Mem0MemoryService
from pipecat.tests.utils import SleepFrame, run_test


def service() -> Mem0MemoryService:
    return Mem0MemoryService(api_key=API_KEY, user_id=USER, agent_id=f"voice of {USER}", host=HOST)


async def said(text: str) -> list[dict[str, object]]:
    """Returns the messages of a context with this text, after it passed through a new pipeline."""
    context = LLMContext(messages=[{"role": "user", "content": text}])
    # Memories are stored beside the pipeline, which does not wait for them when it ends.
    await run_test(service(), frames_to_send=[LLMContextFrame(context), SleepFrame(1.0)])
    return context.get_messages()


async def main() -> None:
    steps = {"Mem0MemoryService.process_frame of a fact": await said("I live in Lisbon.")}
    wait_until_remembered()
    steps["Mem0MemoryService.process_frame of a question"] = await said("Which city do I live in?")
    if hasattr(Mem0MemoryService, "get_memories"):
        steps["Mem0MemoryService.get_memories"] = await service().get_memories()
    report(steps, "pipecat-ai", "mem0ai")


asyncio.run(main())
