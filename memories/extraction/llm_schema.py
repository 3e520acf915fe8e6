"""What a model answers, checked and turned into facts (reliability.md §2.10, §2.11): it cannot widen a scope."""

import json
import re
import unicodedata
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from memories.extraction.base import Candidate, Decision, Edge, ExtractionInput, Fact, Question, Relation
from memories.extraction.schema_values import fits
from memories.models import MAX_TOPIC, Lifetime

MAX_FACTS = 50
MAX_FORGOTTEN = 10
"""Memories that one add may have forgotten (reliability.md §2.11)."""
MAX_TEXT = 2_000
MAX_VALUE = 500
MAX_TOPICS = 10
ATTRIBUTE = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
MAX_ATTRIBUTE = 100

RelationName = Literal["duplicate", "refines", "replaces"]
LifetimeName = Literal["lasting", "temporary", "momentary"]
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


def _known_lifetime(name: object) -> object:
    """A hint that is none costs no second call."""
    return name if name in Lifetime.values else None


class AnsweredEdge(BaseModel):
    """What a fact says of two topics, as a model gives it."""

    model_config = ConfigDict(strict=True)

    source: str
    relation: str
    target: str


class AnsweredFact(BaseModel):
    """One fact as a model gives it."""

    model_config = ConfigDict(strict=True)

    text: Annotated[str, AfterValidator(_short)]
    speaker: str | None = None
    sources: list[int] = Field(default_factory=list)
    event_time: str | None = None
    lifetime: Annotated[LifetimeName | None, BeforeValidator(_known_lifetime)] = None
    importance: int | None = None
    categories: list[str] = Field(default_factory=list)
    topics: list[str] = Field(default_factory=list)
    relations: list[AnsweredEdge] = Field(default_factory=list)
    attribute: str | None = None
    value: str | None = None
    relation: RelationName | None = None
    candidate: int | None = None


class AddAnswer(BaseModel):
    """The answer to the prompt `add`."""

    model_config = ConfigDict(strict=True)

    facts: Annotated[list[AnsweredFact], AfterValidator(_few)]
    forgotten: list[int] = Field(default_factory=list)


class AnsweredDecision(BaseModel):
    """How one open fact stands to a candidate, as a model gives it."""

    model_config = ConfigDict(strict=True)

    question: int
    relation: RelationName | None
    candidate: int | None


class DecideAnswer(BaseModel):
    """The answer to the prompt `decide`."""

    model_config = ConfigDict(strict=True)

    decisions: list[AnsweredDecision]


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


def to_forgotten(answer: AddAnswer, given: ExtractionInput) -> tuple[int, ...]:
    """Returns the candidates to be forgotten, at most 10: those that were shown, where the project allows it."""
    shown = {candidate.number for candidate in given.candidates} if given.instructions.may_forget else set()
    return tuple(number for number in dict.fromkeys(answer.forgotten) if number in shown)[:MAX_FORGOTTEN]


def to_decisions(answer: DecideAnswer, questions: Sequence[Question]) -> list[Decision]:
    """Returns the decision on each question; None where the answer has none, or one that its question does not allow.

    Of several on one question the first counts.
    """
    first = {decision.question: decision for decision in reversed(answer.decisions)}
    decisions = ((first.get(number), question.near) for number, question in enumerate(questions))
    return [related(decided.relation, decided.candidate, near) if decided else None for decided, near in decisions]


def related(
    relation: RelationName | None, number: int | None, candidates: Collection[Candidate]
) -> tuple[Relation, int] | None:
    """Returns the relation and the candidate's number, or None unless both are there and the candidate was shown."""
    if relation is None or number is None or number not in {candidate.number for candidate in candidates}:
        return None
    return Relation(relation), number


def _fact(answered: AnsweredFact, given: ExtractionInput) -> Fact:
    relation, candidate = related(answered.relation, answered.candidate, given.candidates) or (None, None)
    attribute, value = _attribute(answered.attribute, answered.value, given)
    roles = {message.role for message in given.messages}
    return Fact(
        text=answered.text,
        sources=tuple(sorted({source for source in answered.sources if 0 <= source < len(given.messages)})),
        speaker=answered.speaker if answered.speaker in roles else given.speakers[0],
        categories=tuple(name for name in dict.fromkeys(answered.categories) if name in given.instructions.categories),
        attribute=attribute,
        value=value,
        event_time=_time(answered.event_time, given.observed_at),
        lifetime=Lifetime(answered.lifetime or Lifetime.LASTING),
        importance=min(5, max(1, answered.importance)) if answered.importance is not None else None,
        topics=tuple(dict.fromkeys(filter(None, map(_topic, answered.topics))))[:MAX_TOPICS],
        relations=tuple(filter(None, map(_edge, answered.relations)))[:MAX_TOPICS],
        relation=relation,
        candidate=candidate,
    )


def _topic(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).split())[:MAX_TOPIC]


def _edge(answered: AnsweredEdge) -> Edge | None:
    edge = Edge(_topic(answered.source), _topic(answered.relation), _topic(answered.target))
    return edge if edge.source and edge.relation and edge.target else None


def _attribute(attribute: str | None, value: str | None, given: ExtractionInput) -> tuple[str | None, str | None]:
    """Key and value; a key of the call's own schema stays as it is spelt there, and takes what the schema allows."""
    name, value = (attribute or "").strip(), (value or "").strip()
    own: Any = given.instructions.attributes.get(name)
    if own is not None:
        key, is_known = name, fits(value, own)
    else:
        key = name.lower().replace(" ", "_")
        is_known = bool(ATTRIBUTE.fullmatch(key)) and len(key) <= MAX_ATTRIBUTE
    return (key, value) if is_known and 0 < len(value) <= MAX_VALUE else (None, None)


def _time(text: str | None, observed_at: datetime) -> datetime | None:
    """An ISO time in UTC; without an offset it is meant where the messages were said."""
    try:
        time = datetime.fromisoformat(text or "")
        return (time if time.tzinfo else time.replace(tzinfo=observed_at.tzinfo)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
