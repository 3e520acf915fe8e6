"""One structured question to a language model: its data as data, its answer checked, one repair at most."""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from loci.errors import DependencyError
from memories.extraction.llm_schema import InvalidAnswerError, clean

T = TypeVar("T")

Message = Mapping[str, Any]
"""One of `loci.net.chat`, which would bring the SDK."""


class NoValidAnswer(DependencyError):
    """The model answered twice, and neither answer is what was asked for, for a `reason` that quotes nothing."""

    def __init__(self, model: str, reason: str) -> None:
        super().__init__(f"{model} gave no valid answer: {reason}")
        self.reason = reason


def valid_answer(
    complete: Callable[[Sequence[Message]], str],
    *,
    prompt: str,
    data: dict[str, Any],
    read: Callable[[str], T],
    model: str,
) -> T:
    """Returns what `read` makes of the model's answer to `data`, after one repair at most.

    `complete` returns its answer to messages, `read` raises `InvalidAnswerError`. What the model answers is never
    stored or logged. Raises `NoValidAnswer`, and what `complete` raises.
    """
    messages: list[Message] = [{"role": "system", "content": prompt}, {"role": "user", "content": fenced(data)}]
    text = complete(messages)
    try:
        return read(text)
    except InvalidAnswerError as error:
        messages += [{"role": "assistant", "content": clean(text)}, {"role": "user", "content": _repair(error)}]
    try:
        return read(complete(messages))
    except InvalidAnswerError as error:
        raise NoValidAnswer(model, str(error)) from None


def fenced(data: dict[str, Any]) -> str:
    """Returns the data as one line of JSON, in which nothing can look like the line that ends it."""
    marker = secrets.token_hex(8)
    return f"DATA {marker}\n{json.dumps(clean(data), ensure_ascii=False)}\nEND {marker}"


def _repair(error: InvalidAnswerError) -> str:
    return f"That answer cannot be used ({error}). Answer again, with only the JSON object that was asked for."
