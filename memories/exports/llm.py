"""A language model fills a schema, batch by batch, and its answers are held against the schema (contract.md §9.1)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings

from loci.http.parser import check_tree
from loci.net.chat import Message, complete
from loci.net.endpoint import Endpoint
from loci.net.llm import Budget
from memories.exports.knowledge import Known
from memories.extraction.asking import valid_answer
from memories.extraction.llm_schema import InvalidAnswerError, clean
from memories.json_schemas import Json, Schema, misfits, told

PROMPT = "export-1"
CALLS = 2
"""An answer, and one that repairs it."""
BATCH, BATCH_CHARS = 300, 32_000
"""Memories that a model is shown at once, and characters of their texts."""
TEXT_CHARS = 2_000


def batches(memories: Sequence[Known]) -> Iterator[list[Known]]:
    """Yields the memories in their order, as many at a time as a model is shown."""
    batch: list[Known] = []
    chars = 0
    for memory in memories:
        length = len(memory.text[:TEXT_CHARS])
        if batch and (len(batch) == BATCH or chars + length > BATCH_CHARS):
            yield batch
            batch, chars = [], 0
        batch.append(memory)
        chars += length
    if batch:
        yield batch


def ask(endpoint: Endpoint, schema: Schema, instructions: str, memories: Sequence[Known], so_far: Json | None) -> Json:
    """Returns the object that the model makes of one batch and of what it made of those before.

    The model sees numbers, and no id, entity or tenant. Raises `NoValidAnswer`, `DependencyError` when it fails, and
    `InvalidSchema` for a schema that never ends.
    """
    data = {
        "schema": schema,
        "instructions": instructions,
        "so_far": so_far,
        "memories": [_shown(number, memory) for number, memory in enumerate(memories)],
    }
    prompt = (Path(__file__).parent / "prompts" / f"{PROMPT}.md").read_text()
    budget = Budget(settings.LLM_BUDGET_S, calls=CALLS)

    def answered(messages: Sequence[Message]) -> str:
        return complete(endpoint, messages, schema, budget).text

    return valid_answer(answered, prompt=prompt, data=data, read=partial(_read, schema), model=endpoint.model)


def _shown(number: int, memory: Known) -> Mapping[str, Any]:
    return {
        "number": number,
        "text": memory.text[:TEXT_CHARS],
        "said": memory.created_at.date().isoformat(),
        "categories": list(memory.categories),
    }


def _read(schema: Schema, text: str) -> Json:
    """The object in an answer, which may have a fence or thoughts around it."""
    try:
        answer: Json = clean(json.loads(text[text.find("{") : text.rfind("}") + 1]))
        check_tree(answer)
    except (ValueError, RecursionError):
        raise InvalidAnswerError("it is no JSON object") from None
    if unfit := misfits(schema, answer):
        raise InvalidAnswerError(told(unfit))
    return answer
