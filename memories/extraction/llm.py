"""Extraction by a language model: one structured call per job, and a small second one where needed (design.md §3)."""

import calendar
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from django.conf import settings

from loci.net.chat import Message, complete
from loci.net.endpoint import Endpoint
from loci.net.llm import Budget
from memories.extraction.asking import valid_answer
from memories.extraction.base import (
    Candidate,
    Decision,
    Extraction,
    ExtractionInput,
    InputMessage,
    Instructions,
    Question,
)
from memories.extraction.categories import DEFAULT_CATEGORIES
from memories.extraction.llm_schema import (
    AddAnswer,
    AnswerT,
    DecideAnswer,
    parse,
    to_decisions,
    to_facts,
    to_forgotten,
)

ADD_PROMPT = "add-3"
DECIDE_PROMPT = "decide-2"
"""Files in `prompts/`. A changed prompt is a new file: its name is stored with every memory."""

CONTEXT_CHARS = 1_000
CANDIDATE_CHARS = 500
"""What is shown of an earlier message and of a candidate at most: they are there to be recognised."""


class LLMExtractor:
    """Extracts with the model at `endpoint`, within one budget of time (`LLM_BUDGET_S`) and calls: one for each job.

    `calls`, `tokens_in` and `tokens_out` count all that this extractor has asked for, repairs included.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.name = f"llm/{endpoint.model}/{ADD_PROMPT}"
        self.calls = self.tokens_in = self.tokens_out = 0
        self._endpoint = endpoint
        self._budget = Budget(settings.LLM_BUDGET_S)

    def extract(self, given: ExtractionInput) -> Extraction:
        """See `Extractor.extract`. The model sees numbers for messages and candidates, and no id, tenant or entity."""
        given = _with_categories(given)
        answer = self._ask(ADD_PROMPT, _add_data(given), AddAnswer)
        return Extraction(
            to_facts(answer, given),
            self.name,
            forgotten=to_forgotten(answer, given),
            calls=self.calls,
            tokens_in=self.tokens_in,
            tokens_out=self.tokens_out,
        )

    def decide(self, questions: Sequence[Question]) -> list[Decision]:
        """See `Extractor.decide`.

        There is no decision when the job has used up its calls: a memory too many does less harm than one merged by
        guess.
        """
        if not questions or not self._budget.calls_left:
            return [None] * len(questions)
        data = {
            "questions": [
                {
                    "number": number,
                    "fact": question.fact.text,
                    "candidates": [_candidate(candidate) for candidate in question.near],
                }
                for number, question in enumerate(questions)
            ]
        }
        return to_decisions(self._ask(DECIDE_PROMPT, data, DecideAnswer), questions)

    def _ask(self, prompt: str, data: dict[str, Any], schema: type[AnswerT]) -> AnswerT:
        """The model's valid answer, after one repair at most. What it answers is never stored or logged."""
        return valid_answer(
            partial(self._complete, schema=schema),
            prompt=_prompt(prompt),
            data=data,
            read=partial(parse, schema=schema),
            model=self._endpoint.model,
        )

    def _complete(self, messages: Sequence[Message], schema: type[AnswerT]) -> str:
        completion = complete(self._endpoint, messages, schema, self._budget)
        self.calls += 1
        self.tokens_in += completion.tokens_in
        self.tokens_out += completion.tokens_out
        return completion.text


@cache
def _prompt(name: str) -> str:
    return (Path(__file__).parent / "prompts" / f"{name}.md").read_text()


def _with_categories(given: ExtractionInput) -> ExtractionInput:
    categories = given.instructions.categories or DEFAULT_CATEGORIES
    return replace(given, instructions=replace(given.instructions, categories=categories))


def _add_data(given: ExtractionInput) -> dict[str, Any]:
    return {
        "observed_at": given.observed_at.isoformat(),
        "weekday": calendar.day_name[given.observed_at.weekday()],
        "speakers": list(given.speakers),
        "instructions": _instructions(given.instructions),
        "context": [_message(message, most=CONTEXT_CHARS) for message in given.context],
        "candidates": [_candidate(candidate) for candidate in given.candidates],
        "messages": [{"number": number, **_message(message)} for number, message in enumerate(given.messages)],
    }


def _instructions(asked: Instructions) -> dict[str, Any]:
    """Only what is asked: every word costs."""
    named = {
        "custom_instructions": asked.custom_instructions,
        "agent_custom_instructions": asked.agent_custom_instructions,
        "update_custom_instructions": asked.update_custom_instructions,
        "includes": asked.includes,
        "excludes": asked.excludes,
        "usecase": asked.usecase,
        "memory_depth": asked.memory_depth,
        "attributes": dict(asked.attributes),
        "language": "" if asked.is_multilingual else "English",
        "may_forget": asked.may_forget,
    }
    return {name: value for name, value in named.items() if value} | {"categories": dict(asked.categories)}


def _message(message: InputMessage, *, most: int | None = None) -> dict[str, Any]:
    named = {"name": message.name} if message.name else {}
    return {"role": message.role, **named, "content": message.content[:most]}


def _candidate(candidate: Candidate) -> dict[str, Any]:
    shown = {
        "number": candidate.number,
        "text": candidate.text[:CANDIDATE_CHARS],
        "attribute": candidate.attribute,
        "value": candidate.value,
        "said_at": candidate.said_at.date().isoformat() if candidate.said_at else None,
    }
    return {key: value for key, value in shown.items() if value is not None}
