"""Asks a chat model for one JSON object, in the strictest format that its endpoint accepts (reliability.md §2.10)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, TypeAlias

import openai
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from pydantic import BaseModel, Field, ValidationError

from loci.errors import DependencyError
from loci.net.endpoint import Endpoint
from loci.net.llm import BadRequest, Budget, Unanswered, call, client
from loci.net.presets import AnswerFormat
from loci.net.spending import meter
from loci.observability import metrics

MAX_ANSWER_BYTES = 64 * 1024
MAX_BODY_BYTES = 1024 * 1024
"""Of the whole HTTP answer, with its envelope, escapes, and the reasoning that some endpoints include."""

IMAGE_TOKENS = 4_096
"""What no image costs more than, in any detail."""
ENVELOPE_TOKENS = 1_024
"""What an endpoint adds: the marks between messages, and its own words about the form of an answer."""

Message = Mapping[str, Any]
"""`{"role": …, "content": …}`; the content is a text, or a list of parts, of which some may be images."""

Form: TypeAlias = type[BaseModel] | Mapping[str, Any]
"""What an answer is to be like: a model of ours, or the JSON schema of somebody else's, which no endpoint need like."""

_accepted: dict[tuple[str, str], AnswerFormat] = {}
"""The format that a model at a base URL is known to accept, so that the others are refused once per process only."""


@dataclass(frozen=True)
class Completion:
    """A finished answer: the text that should be JSON, and what it cost."""

    text: str
    tokens_in: int
    tokens_out: int


def complete(endpoint: Endpoint, messages: Sequence[Message], schema: Form, budget: Budget) -> Completion:
    """Returns the model's answer to `messages`, asked for in the form of `schema`, which not every endpoint keeps to.

    The job's meter sets aside the most that it may cost before it is asked for, and counts what it did cost. Raises
    what the meter raises, and `DependencyError` when the endpoint fails, or when the answer was cut off, is too long or
    was withheld.
    """
    budget.take_call()
    try:
        completion = _completion(_paid(endpoint, messages, schema, budget))
    except DependencyError:
        metrics.LLM_CALLS.labels(endpoint.model, "failed").inc()
        raise
    metrics.LLM_CALLS.labels(endpoint.model, "answered").inc()
    metrics.LLM_TOKENS.labels(endpoint.model, "in").inc(completion.tokens_in)
    metrics.LLM_TOKENS.labels(endpoint.model, "out").inc(completion.tokens_out)
    return completion


def _paid(endpoint: Endpoint, messages: Sequence[Message], schema: Form, budget: Budget) -> "_Body":
    most = _most_tokens(messages, schema)
    meter().reserve(most)
    try:
        body = _answer(endpoint, messages, schema, budget)
    except (Unanswered, SoftTimeLimitExceeded, SystemExit):
        # Who is stopped while an answer is on its way pays for it, too.
        meter().keep(most)
        raise
    except Exception:
        meter().settle(most, 0, 0)
        raise
    if body.usage is None:
        meter().keep(most)
    else:
        meter().settle(most, body.usage.prompt_tokens, body.usage.completion_tokens)
    return body


def _most_tokens(messages: Sequence[Message], schema: Form) -> int:
    """No answer costs more: a token is at least one byte of what is sent, and the answer's are limited."""
    parts = [part for message in messages for part in _parts(message["content"])]
    texts = [part["text"] for part in parts if "text" in part]
    images = len(parts) - len(texts)
    sent = sum(len(text.encode(errors="replace")) for text in texts) + len(json.dumps(_json_schema(schema)))
    return sent + images * IMAGE_TOKENS + ENVELOPE_TOKENS + settings.LLM_MAX_TOKENS


def _json_schema(schema: Form) -> Mapping[str, Any]:
    return schema if isinstance(schema, Mapping) else _schema_of(schema)


@cache
def _schema_of(model: type[BaseModel]) -> Mapping[str, Any]:
    return model.model_json_schema()


def _parts(content: Any) -> Sequence[Mapping[str, Any]]:
    return [{"text": content}] if isinstance(content, str) else content


def _answer(endpoint: Endpoint, messages: Sequence[Message], schema: Form, budget: Budget) -> "_Body":
    for answer_format in _formats(endpoint):
        request = _request(endpoint, messages, schema, answer_format)
        try:
            body = call(partial(_send, endpoint, request, budget), endpoint=endpoint, budget=budget)
        except BadRequest as refused:
            if answer_format is AnswerFormat.JSON_OBJECT or not _is_about(answer_format, refused.reason):
                raise
        else:
            if not isinstance(schema, Mapping):
                _accepted[endpoint.base_url, endpoint.model] = answer_format
            return body
    raise AssertionError("the last format either answers or raises")


def _formats(endpoint: Endpoint) -> list[AnswerFormat]:
    first = _accepted.get((endpoint.base_url, endpoint.model), endpoint.preset.answer_format)
    order = list(AnswerFormat)
    return order[order.index(first) :]


def _is_about(answer_format: AnswerFormat, reason: str) -> bool:
    words = ["tool"] if answer_format is AnswerFormat.TOOL else ["response_format", "response format", "schema"]
    return any(word in reason.lower() for word in words)


def _request(
    endpoint: Endpoint, messages: Sequence[Message], schema: Form, answer_format: AnswerFormat
) -> dict[str, Any]:
    # Without one the model's own is meant: some models refuse any.
    warmth = {} if settings.LLM_TEMPERATURE is None else {"temperature": settings.LLM_TEMPERATURE}
    return {
        "model": endpoint.model,
        "messages": list(messages),
        endpoint.preset.limit_field: settings.LLM_MAX_TOKENS,
        **warmth,
        **_format_fields(schema, answer_format),
    }


def _send(endpoint: Endpoint, request: dict[str, Any], budget: Budget, timeout: openai.Timeout) -> "_Body":
    completions = client(endpoint.base_url, endpoint.api_key).chat.completions
    with completions.with_streaming_response.create(**request, timeout=timeout) as response:
        raw = _read(response.iter_bytes(), budget)
    try:
        return _Body.model_validate_json(raw)
    except ValidationError:
        raise DependencyError(f"The {endpoint.provider} endpoint did not answer as a chat endpoint does") from None


def _format_fields(schema: Form, answer_format: AnswerFormat) -> dict[str, Any]:
    tool = _tool(schema)
    match answer_format:
        case AnswerFormat.JSON_SCHEMA:
            is_ours = not isinstance(schema, Mapping)
            named = {"name": "answer", "strict": is_ours, "schema": tool["function"]["parameters"]}
            return {"response_format": {"type": "json_schema", "json_schema": named}}
        case AnswerFormat.TOOL:
            return {"tools": [tool], "tool_choice": {"type": "function", "function": {"name": "answer"}}}
        case AnswerFormat.JSON_OBJECT:
            return {"response_format": {"type": "json_object"}}


def _tool(schema: Form) -> Any:
    if isinstance(schema, Mapping):
        function = {"name": "answer", "description": "Gives the answer.", "parameters": schema}
        return {"type": "function", "function": function}
    return _tool_of(schema)


@cache
def _tool_of(model: type[BaseModel]) -> Any:
    return openai.pydantic_function_tool(model, name="answer", description="Gives the answer.")


def _read(chunks: Iterator[bytes], budget: Budget) -> bytes:
    """The body, unless it is too long, or comes so slowly that no single read times out but the budget is used up."""
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise Unanswered("The model's answer is too long")
        if budget.seconds_left <= 0:
            raise Unanswered("The model's answer came too slowly")
    return bytes(body)


def _completion(body: "_Body") -> Completion:
    choice = body.choices[0]
    if choice.finish_reason == "length":
        raise DependencyError("The model's answer was cut off at its token limit")
    if choice.finish_reason == "content_filter" or choice.message.refusal:
        raise DependencyError("The model withheld its answer")
    calls = choice.message.tool_calls
    text = calls[0].function.arguments if calls else choice.message.content or ""
    if len(text.encode(errors="replace")) > MAX_ANSWER_BYTES:
        raise DependencyError("The model's answer is too long")
    usage = body.usage or _Usage()
    return Completion(text, usage.prompt_tokens, usage.completion_tokens)


class _Function(BaseModel):
    arguments: str


class _ToolCall(BaseModel):
    function: _Function


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int = Field(default=0, ge=0)
    completion_tokens: int = Field(default=0, ge=0)


class _Body(BaseModel):
    """The part of a chat completion that is read. Endpoints differ in the rest, so it is not looked at."""

    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None
