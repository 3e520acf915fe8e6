"""The labelled conversations: how they are read, and how what an extractor finds is compared with them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from memories.extraction.base import Candidate, ExtractionInput, Extractor, Fact, InputMessage, Relation

SAID_AT = datetime(2026, 5, 13, 10, tzinfo=UTC)
"""When all the conversations begin: a Wednesday. Later adds follow by a minute each."""
CONTEXT_MESSAGES = 10


@dataclass(frozen=True)
class Expected:
    """One add of a conversation, and what should come of it.

    A fact is expected as `attribute = value`, or as words that its text must all contain; `|` stands between
    alternatives, and a word that begins with `^` must begin the text. `verdicts` are parallel to `facts`. What `also`
    lists may be found: it counts neither for nor against. No fact's text may hold all words of an item of `drop`.
    """

    messages: tuple[InputMessage, ...]
    facts: tuple[str, ...]
    verdicts: tuple[str, ...]
    also: tuple[str, ...]
    drop: tuple[str, ...]
    speaker: str


@dataclass(frozen=True)
class Conversation:
    """The adds of one user, in their order."""

    name: str
    domain: str
    tags: tuple[str, ...]
    adds: tuple[Expected, ...]


@dataclass(frozen=True)
class Compared:
    """One add's facts against what was expected; `pairs` are the expectations met, each with its fact's index."""

    pairs: tuple[tuple[str, int], ...] = ()
    wrong: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    """Texts of facts that should not have been kept by name: violations of `drop`, counted as wrong too."""
    verdicts: tuple[tuple[str, str, str], ...] = ()
    """Of a later add, for each expectation met: the fact's text, the verdicts that will do, and the one it gets."""


@dataclass
class Score:
    """Counts over conversations: facts found that were expected, found that were not, and expected but not found."""

    hits: int = 0
    wrong: int = 0
    missed: int = 0
    dropped: int = 0
    verdicts: int = 0
    right_verdicts: int = 0

    def count(self, compared: Compared) -> None:
        """Adds what one comparison says."""
        self.hits += len(compared.pairs)
        self.wrong += len(compared.wrong)
        self.missed += len(compared.missed)
        self.dropped += len(compared.dropped)
        self.verdicts += len(compared.verdicts)
        self.right_verdicts += sum(got in expected.split("|") for _text, expected, got in compared.verdicts)

    @property
    def precision(self) -> float:
        """Returns the share of the found facts that were expected."""
        return self.hits / max(1, self.hits + self.wrong)

    @property
    def recall(self) -> float:
        """Returns the share of the expected facts that were found."""
        return self.hits / max(1, self.hits + self.missed)


@dataclass(frozen=True)
class Result:
    """A conversation with what an extractor made of each of its adds."""

    conversation: Conversation
    adds: tuple[Compared, ...] = field(default=())

    def score(self) -> Score:
        """Returns the counts of this conversation alone."""
        return total([self])


def conversations(part: str) -> Iterator[Conversation]:
    """Yields the conversations of a part: `development`, which rules may be fitted to, or `held_out`."""
    text = Path(__file__).with_name("conversations").joinpath(f"{part}.json").read_text(encoding="utf-8")
    for item in json.loads(text):
        adds = tuple(_expected(add) for add in item["adds"])
        yield Conversation(item["name"], item["domain"], tuple(item["tags"]), adds)


def measured(extractor: Extractor, part: str) -> list[Result]:
    """Returns what the extractor makes of each conversation of a part, without a database."""
    return [result_of(extractor, each) for each in conversations(part)]


def result_of(extractor: Extractor, conversation: Conversation) -> Result:
    """Returns what the extractor makes of a conversation: to a later add, the facts of the earlier are candidates."""
    known: dict[int, Fact] = {}
    return Result(
        conversation, tuple(_compared(extractor, conversation, at, known) for at in range(len(conversation.adds)))
    )


def given_to(conversation: Conversation, number: int, known: Mapping[int, Fact] | None = None) -> ExtractionInput:
    """Returns an add as an extractor gets it; the messages of earlier adds are context."""
    expected = conversation.adds[number]
    earlier = [message for add in conversation.adds[:number] for message in add.messages]
    return ExtractionInput(
        messages=expected.messages,
        observed_at=SAID_AT + timedelta(minutes=number),
        context=earlier[-CONTEXT_MESSAGES:],
        candidates=[_candidate(at, fact) for at, fact in (known or {}).items()],
        speakers=(expected.speaker,),
    )


def total(results: Iterable[Result]) -> Score:
    """Returns the counts of all these together."""
    score = Score()
    for result in results:
        for compared in result.adds:
            score.count(compared)
    return score


def compared(facts: Sequence[Fact], expected: Expected) -> Compared:
    """Returns how the facts of one add stand to what was expected of it; each fact meets one expectation at most."""
    left = dict(enumerate(facts))
    pairs = [(each, number) for each in expected.facts if (number := _take(left, each)) is not None]
    met = [each for each, _number in pairs]
    violations = [fact.text for fact in facts if any(meets(fact, item) for item in expected.drop)]
    wrong = [fact for fact in left.values() if fact.text in violations or not _may_be(fact, expected)]
    return Compared(
        pairs=tuple(pairs),
        wrong=tuple(f"{fact.text} [{fact.attribute}={fact.value}]" for fact in wrong),
        missed=tuple(each for each in expected.facts if each not in met),
        dropped=tuple(violations),
    )


def meets(fact: Fact, expectation: str) -> bool:
    """Tells whether a fact is the expected one."""
    return any(_meets(fact, each.strip()) for each in expectation.split("|"))


def _meets(fact: Fact, expectation: str) -> bool:
    attribute, is_attribute, value = expectation.partition(" =")
    if is_attribute:
        return fact.attribute == attribute and (fact.value or "").casefold() == value.strip().casefold()
    text = fact.text.casefold()
    words = expectation.casefold().split()
    return all(text.startswith(word[1:]) if word.startswith("^") else word in text for word in words)


def _may_be(fact: Fact, expected: Expected) -> bool:
    return any(meets(fact, each) for each in expected.also)


def _take(facts: dict[int, Fact], expectation: str) -> int | None:
    """Removes the first fact that meets the expectation, and returns its number."""
    number = next((number for number, fact in facts.items() if meets(fact, expectation)), None)
    if number is not None:
        del facts[number]
    return number


def _compared(extractor: Extractor, conversation: Conversation, number: int, known: dict[int, Fact]) -> Compared:
    expected = conversation.adds[number]
    facts = extractor.extract(given_to(conversation, number, known)).facts
    got = [_resolved(fact, known) for fact in facts]
    found = compared(facts, expected)
    return replace(found, verdicts=tuple(_judged(found, expected, facts, got))) if number else found


def _judged(
    found: Compared, expected: Expected, facts: Sequence[Fact], got: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    allowed = dict(zip(expected.facts, expected.verdicts, strict=True))
    for expectation, number in found.pairs:
        yield facts[number].text, allowed[expectation], got[number]


def _resolved(fact: Fact, known: dict[int, Fact]) -> str:
    """Puts a fact among those that are known, and returns the verdict that a resolver gives it (design.md §2)."""
    same = next((number for number, old in known.items() if fact.attribute and old.attribute == fact.attribute), None)
    target = fact.candidate if same is None else same
    old = None if target is None else known.get(target)
    if fact.relation == Relation.DUPLICATE or fact.text in {each.text for each in known.values()}:
        return "duplicate"
    known[max(known, default=-1) + 1] = fact
    if old is None or target is None:
        return "stored"
    del known[target]
    return "superseded" if same is None and fact.relation == Relation.REPLACES else "merged"


def _candidate(number: int, fact: Fact) -> Candidate:
    return Candidate(number, fact.text, fact.attribute, fact.value, SAID_AT)


def _expected(add: dict[str, Any]) -> Expected:
    facts = tuple(add["facts"])
    return Expected(
        messages=tuple(InputMessage(role, content) for role, content in add["messages"]),
        facts=facts,
        verdicts=tuple(add.get("verdicts") or ["stored"] * len(facts)),
        also=tuple(add.get("also", ())),
        drop=tuple(add.get("drop", ())),
        speaker=add.get("speaker", "user"),
    )
