"""What a model answers, checked and turned into facts (reliability.md §2.10, §2.11): it cannot widen a scope."""

import json
import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from memories.extraction.base import Candidate, ExtractionInput, Fact, Relation

MAX_FACTS = 50
MAX_TEXT = 2_000
MAX_VALUE = 500
ATTRIBUTE = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
MAX_ATTRIBUTE = 100

RelationName = Literal["duplicate", "refines", "replaces"]
AnswerT = TypeVar("AnswerT", bound=BaseModel)
JsonT = TypeVar("JsonT")


class InvalidAnswerError(ValueError):
    """The model's answer is not what was asked for. The message says what is wrong without quoting the answer."""


# What is beyond a limit is cut off: asking again would bring the same answer. The limits are no `Field(max_length=…)`,
# because strict endpoints refuse a schema with `maxLength` or `maxItems`.
def _few(facts: "list[AnsweredFact]") -> "list[AnsweredFact]":
    return facts[:MAX_FACTS]


def _short(text: str) -> str:
    return text.strip()[:MAX_TEXT]


class AnsweredFact(BaseModel):
    """One fact as a model gives it."""

    model_config = ConfigDict(strict=True)

    text: Annotated[str, AfterValidator(_short)]
    speaker: str | None = None
    sources: list[int] = Field(default_factory=list)
    event_time: str | None = None
    categories: list[str] = Field(default_factory=list)
    attribute: str | None = None
    value: str | None = None
    relation: RelationName | None = None
    candidate: int | None = None


class AddAnswer(BaseModel):
    """The answer to the prompt `add`."""

    model_config = ConfigDict(strict=True)

    facts: Annotated[list[AnsweredFact], AfterValidator(_few)]


class DecideAnswer(BaseModel):
    """The answer to the prompt `decide`."""

    model_config = ConfigDict(strict=True)

    relation: RelationName | None
    candidate: int | None


def parse(text: str, schema: type[AnswerT]) -> AnswerT:
    """Returns the answer in `text`, which may have a fence or thoughts around its JSON object.

    Unknown fields are dropped. Raises `InvalidAnswerError`.
    """
    try:
        return schema.model_validate(clean(json.loads(text[text.find("{") : text.rfind("}") + 1])))
    except ValidationError as error:
        problems = {f"{'.'.join(map(str, problem['loc']))}: {problem['type']}" for problem in error.errors()}
        raise InvalidAnswerError("; ".join(sorted(problems)[:5])) from None
    except (ValueError, RecursionError):
        raise InvalidAnswerError("it is not a JSON object") from None


def clean(value: JsonT) -> JsonT:
    """Returns JSON `value` without what Postgres and UTF-8 cannot hold: NULs are dropped, lone surrogates replaced."""
    cleaned: object = value
    if isinstance(value, str):
        cleaned = value.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    elif isinstance(value, list):
        cleaned = [clean(item) for item in value]
    elif isinstance(value, dict):
        cleaned = {clean(key): clean(item) for key, item in value.items()}
    return cleaned  # type: ignore[return-value]  # The same shape as `value`, which mypy cannot see.


def to_facts(answer: AddAnswer, given: ExtractionInput) -> tuple[Fact, ...]:
    """Returns the facts of `answer`, reduced to what `given` allows: its messages, roles, categories and candidates."""
    return tuple(_fact(answered, given) for answered in answer.facts)


def related(
    relation: RelationName | None, number: int | None, candidates: Collection[Candidate]
) -> tuple[Relation, int] | None:
    """Returns the relation and the candidate's number, or None unless both are there and the candidate was shown."""
    if relation is None or number is None or number not in {candidate.number for candidate in candidates}:
        return None
    return Relation(relation), number


def _fact(answered: AnsweredFact, given: ExtractionInput) -> Fact:
    relation, candidate = related(answered.relation, answered.candidate, given.candidates) or (None, None)
    attribute, value = _attribute(answered.attribute, answered.value)
    roles = {message.role for message in given.messages}
    return Fact(
        text=answered.text,
        sources=tuple(sorted({source for source in answered.sources if 0 <= source < len(given.messages)})),
        speaker=answered.speaker if answered.speaker in roles else given.speakers[0],
        categories=tuple(name for name in dict.fromkeys(answered.categories) if name in given.instructions.categories),
        attribute=attribute,
        value=value,
        event_time=_time(answered.event_time, given.observed_at),
        relation=relation,
        candidate=candidate,
    )


def _attribute(attribute: str | None, value: str | None) -> tuple[str | None, str | None]:
    key, value = (attribute or "").strip().lower().replace(" ", "_"), (value or "").strip()
    fits = ATTRIBUTE.fullmatch(key) and len(key) <= MAX_ATTRIBUTE and 0 < len(value) <= MAX_VALUE
    return (key, value) if fits else (None, None)


def _time(text: str | None, observed_at: datetime) -> datetime | None:
    """An ISO time in UTC; without an offset it is meant where the messages were said."""
    try:
        time = datetime.fromisoformat(text or "")
        return (time if time.tzinfo else time.replace(tzinfo=observed_at.tzinfo)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
