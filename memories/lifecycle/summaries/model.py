"""A summary by a language model: batch after batch, each call carries the summary so far on (design.md §4)."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from django.conf import settings
from pydantic import AfterValidator, BaseModel, ConfigDict

from loci.net.chat import Message, complete
from loci.net.endpoint import Endpoint
from loci.net.llm import Budget
from memories.extraction.asking import valid_answer
from memories.extraction.llm_schema import InvalidAnswerError, parse
from memories.lifecycle.derived import owner_of
from memories.models import Memory
from memories.retrieval.context_budget import BYTES_PER_TOKEN, estimated_tokens

PROMPT = Path(__file__).parent / "prompts" / "summary-1.md"
MEMORY_CHARS = 500
BATCH_CHARS = 40_000
REPAIRS = 2
_ENDS = (". ", "! ", "? ", "。", "\n")


class SummaryAnswer(BaseModel):
    """The answer to the prompt `summary`."""

    model_config = ConfigDict(strict=True)

    summary: Annotated[str, AfterValidator(str.strip)]


def written_by(
    model: Endpoint, memories: Sequence[Memory], *, instructions: str, size: int, most: int, max_tokens: int
) -> tuple[str, int]:
    """Returns what the model writes of the memories, in at most `max_tokens` tokens, and how many it has read.

    It reads `size` at a time, in `most` batches, and sees numbers for memories and for whom they are about: no id,
    tenant or entity. Raises `DependencyError`.
    """
    batches = list(islice(_batches(memories, size), most))
    budget = Budget(settings.LLM_BUDGET_S, calls=len(batches) + REPAIRS)

    def ask(messages: Sequence[Message]) -> str:
        return complete(model, messages, SummaryAnswer, budget).text

    summary = ""
    for batch in batches:
        # The answer is JSON, and some endpoints think aloud first: half of what it may have is for the text.
        data = {
            "summary_so_far": summary,
            "memories": batch,
            "instructions": instructions,
            "max_tokens": min(max_tokens, settings.LLM_MAX_TOKENS // 2),
        }
        summary = valid_answer(ask, prompt=_prompt(), data=data, read=_read, model=model.model)
    return shortened(summary, max_tokens), sum(map(len, batches))


def _batches(memories: Sequence[Memory], size: int) -> Iterator[list[dict[str, Any]]]:
    people = {owner_of(memory): number for number, memory in enumerate(memories)}
    batch: list[dict[str, Any]] = []
    chars = 0
    for number, memory in enumerate(memories):
        text = memory.text[:MEMORY_CHARS]
        if len(batch) == size or chars + len(text) > BATCH_CHARS:
            yield batch
            batch, chars = [], 0
        batch.append(
            {
                "number": number,
                "about": people[owner_of(memory)],
                "text": text,
                "categories": memory.categories or [],
                "date": memory.updated_at.date().isoformat(),
            }
        )
        chars += len(text)
    yield batch


def _read(text: str) -> str:
    summary = parse(text, SummaryAnswer).summary
    if not summary:
        raise InvalidAnswerError("the summary is empty")
    return summary


def shortened(text: str, max_tokens: int) -> str:
    """Returns the text, or as many of its sentences as have so many tokens by estimate."""
    if estimated_tokens(text) <= max_tokens:
        return text
    cut = text.encode()[: max_tokens * BYTES_PER_TOKEN].decode(errors="ignore")
    end = max(cut.rfind(end) + len(end.rstrip()) for end in _ENDS)
    return cut[:end].rstrip() if end > 1 else cut.rstrip()


@cache
def _prompt() -> str:
    return PROMPT.read_text()
