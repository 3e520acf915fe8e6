"""Reranking by the language model: one structured call for each search that asks for it (design.md §4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from loci.errors import DependencyError, NotNow
from loci.http.places import place_if_free
from loci.net.chat import Completion, Message, complete
from loci.net.endpoint import Endpoint
from loci.net.llm import Budget
from loci.net.reranker import Relevances
from loci.net.spending import metered
from loci.tenancy.context import Tenant
from memories.extraction.asking import fenced
from memories.extraction.llm_schema import InvalidAnswerError, parse
from workers.allowance import RequestMeter

PROMPT = "rerank-1"
"""A file in `prompts/`."""
TEXT_CHARS, QUESTION_CHARS = 500, 2_000
BEST = 10


class AnsweredRelevance(BaseModel):
    """How well one memory helps, as a model gives it."""

    model_config = ConfigDict(strict=True)

    number: int
    relevance: int


class RerankAnswer(BaseModel):
    """The answer to the prompt `rerank`."""

    model_config = ConfigDict(strict=True)

    relevant: list[AnsweredRelevance]


@dataclass(frozen=True)
class LLMReranker:
    """Asks the model at `endpoint` once, for `within_s` seconds at most; the tenant's organization pays."""

    endpoint: Endpoint
    tenant: Tenant
    within_s: float

    def relevances(self, question: str, texts: Sequence[str]) -> Relevances:
        """Returns how well each text helps, from 0 to 1; of what the model does not name, 0.

        The model sees numbers for memories, and no id, tenant or entity. Whatever a memory has it answer, only the
        order can follow from it. Raises `DependencyError`, also where no tokens are left, and `workers.jobs.Spent`
        where the organization may never spend as many.
        """
        data = {
            "question": question[:QUESTION_CHARS],
            "memories": [{"number": number, "text": text[:TEXT_CHARS]} for number, text in enumerate(texts)],
        }
        messages: list[Message] = [{"role": "system", "content": _prompt()}, {"role": "user", "content": fenced(data)}]
        answered = self._answer(messages)
        try:
            return _graded(parse(answered.text, RerankAnswer), len(texts))
        except InvalidAnswerError:
            raise DependencyError("The model gave no valid answer to a question of relevance") from None

    def _answer(self, messages: Sequence[Message]) -> Completion:
        # A model takes seconds, in which searches that wait for it must leave threads to all else.
        with place_if_free() as has_place, metered(RequestMeter(self.tenant)):
            if not has_place:
                raise NotNow("Too many requests wait for a model.")
            return complete(self.endpoint, messages, RerankAnswer, Budget(self.within_s, calls=1))


def _graded(answer: RerankAnswer, count: int) -> Relevances:
    """Of several grades of one memory the first counts, and none of a memory that was not shown."""
    first = {graded.number: graded.relevance for graded in reversed(answer.relevant)}
    return [min(max(first.get(number, 0), 0), BEST) / BEST for number in range(count)]


@cache
def _prompt() -> str:
    return (Path(__file__).parent / "prompts" / f"{PROMPT}.md").read_text()
