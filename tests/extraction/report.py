"""Precision and recall of the offline extractor on the conversations: `python -m tests.extraction.report`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from memories.embedding.local import LocalEmbedder
from memories.extraction.base import ExtractionInput, Extractor, Fact, InputMessage
from memories.extraction.offline import OfflineExtractor

SAID_AT = datetime(2026, 5, 13, 10, tzinfo=UTC)
"""When all the conversations take place: a Wednesday."""


@dataclass(frozen=True)
class Conversation:
    """A conversation, and what should be remembered of it.

    Each expectation is either `attribute = value` or words that a fact's text must all contain (alternatives divided
    by `|`). `also` lists what may be remembered: it counts neither for nor against.
    """

    name: str
    given: ExtractionInput
    facts: tuple[str, ...]
    also: tuple[str, ...]


@dataclass
class Score:
    """Counts over conversations: facts found that were expected, found that were not, and expected but not found."""

    hits: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Returns the share of the found facts that were expected."""
        return self.hits / max(1, self.hits + self.wrong)

    @property
    def recall(self) -> float:
        """Returns the share of the expected facts that were found."""
        return self.hits / max(1, self.hits + self.missed)


def conversations(part: str) -> Iterator[Conversation]:
    """Yields the conversations of a part: `development`, which rules may be fitted to, or `held_out`."""
    text = Path(__file__).with_name("conversations").joinpath(f"{part}.json").read_text(encoding="utf-8")
    for item in json.loads(text):
        yield _conversation(item)


def compared(found: tuple[Fact, ...], expected: Conversation) -> tuple[list[str], list[str], list[str]]:
    """Returns the expectations that were met, the texts of facts nobody asked for, and the expectations missed."""
    unmatched = list(found)
    met = [expectation for expectation in expected.facts if _take(unmatched, expectation)]
    for expectation in expected.also:
        _take(unmatched, expectation)
    missed = [expectation for expectation in expected.facts if expectation not in met]
    return met, [f"{fact.text} [{fact.attribute}={fact.value}]" for fact in unmatched], missed


def score(extractor: Extractor, part: str, *, verbose: bool = False) -> Score:
    """Returns the score of an extractor on a part; with `verbose` prints each conversation that is not right."""
    total = Score()
    for conversation in conversations(part):
        met, wrong, missed = compared(extractor.extract(conversation.given).facts, conversation)
        total.hits += len(met)
        total.wrong += len(wrong)
        total.missed += len(missed)
        if verbose and (wrong or missed):
            print(f"  {conversation.name}: wrong {wrong}, missed {missed}")  # noqa: T201  # It is a report.
    return total


def _take(facts: list[Fact], expectation: str) -> bool:
    """Removes the first fact that meets the expectation."""
    for fact in facts:
        if _meets(fact, expectation):
            facts.remove(fact)
            return True
    return False


def _meets(fact: Fact, expectation: str) -> bool:
    attribute, is_attribute, value = expectation.partition(" =")
    if is_attribute:
        return fact.attribute == attribute and (fact.value or "").casefold() == value.strip().casefold()
    text = fact.text.casefold()
    return any(all(word in text for word in words.casefold().split()) for words in expectation.split("|"))


def _conversation(item: dict[str, Any]) -> Conversation:
    given = ExtractionInput(
        messages=[InputMessage(role, content) for role, content in item["messages"]],
        observed_at=SAID_AT,
        speakers=(item.get("speaker", "user"),),
    )
    return Conversation(item["name"], given, tuple(item["facts"]), tuple(item.get("also", ())))


def main() -> None:
    """Prints the scores, and for the development part what is wrong."""
    extractor = OfflineExtractor(LocalEmbedder())
    for part in ("development", "held_out"):
        result = score(extractor, part, verbose=part == "development")
        counts = f"{result.hits} right, {result.wrong} wrong, {result.missed} missed"
        print(f"{part}: precision {result.precision:.2f}, recall {result.recall:.2f} ({counts})")  # noqa: T201


if __name__ == "__main__":
    main()
