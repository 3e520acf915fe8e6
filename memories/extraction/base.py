"""What goes into an extractor and what comes out: messages in, facts out (design.md §3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Relation(StrEnum):
    """How a fact stands to a candidate memory that an extractor names."""

    DUPLICATE = "duplicate"
    """It says the same."""
    REFINES = "refines"
    """It says the same thing better, in more detail, or corrected: one memory with the new text."""
    REPLACES = "replaces"
    """It makes the candidate untrue: the candidate is superseded by a new memory."""


@dataclass(frozen=True)
class InputMessage:
    """One message as an extractor sees it. `name` is the speaker's name, where the application gave one."""

    role: str
    content: str
    name: str | None = None


@dataclass(frozen=True)
class Candidate:
    """A memory that the new messages may be about, under a number: extractors never see ids (reliability.md §2.11)."""

    number: int
    text: str
    attribute: str | None = None
    value: str | None = None
    said_at: datetime | None = None


@dataclass(frozen=True)
class Instructions:
    """What the project and the call ask of extraction; empty strings where they ask nothing."""

    custom_instructions: str = ""
    agent_custom_instructions: str = ""
    """In place of `custom_instructions` for what the assistant says (contract.md §14)."""
    includes: str = ""
    excludes: str = ""
    categories: Mapping[str, str] = field(default_factory=dict)
    """Category name to its description; the facts' categories come from these names."""


@dataclass(frozen=True)
class ExtractionInput:
    """All that an extractor may know: `messages` are new, `context` are the earlier ones of the scope."""

    messages: Sequence[InputMessage]
    observed_at: datetime
    """When the messages were said; "yesterday" in them is the day before this."""
    context: Sequence[InputMessage] = ()
    candidates: Sequence[Candidate] = ()
    instructions: Instructions = field(default_factory=Instructions)
    speakers: tuple[str, ...] = ("user",)
    """Whose memories they are: the messages of these roles are read for facts, the others are context."""


@dataclass(frozen=True)
class Fact:
    """One thing worth keeping, before it is resolved against what is known.

    `attribute` is a dotted key that has one current value per entity (`location`, `preference.cheese`), with its
    `value`. `sources` are indices into the input's messages. `relation` and `candidate` come together.
    """

    text: str
    sources: tuple[int, ...] = ()
    speaker: str = "user"
    categories: tuple[str, ...] = ()
    attribute: str | None = None
    value: str | None = None
    event_time: datetime | None = None
    relation: Relation | None = None
    candidate: int | None = None


@dataclass(frozen=True)
class Extraction:
    """The facts of one call, and what the call cost."""

    facts: tuple[Fact, ...]
    extractor: str
    """Name and version of the extractor and its prompt, kept with each revision: `offline/1`, `llm/<model>/add-1`."""
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0


class Extractor(Protocol):
    """Turns messages into facts."""

    def extract(self, given: ExtractionInput) -> Extraction:
        """Returns the facts in `given.messages`, in the order in which they were said.

        Raises `loci.errors.DependencyError` when the work should be tried again later.
        """
        ...

    def decide(self, fact_text: str, near: Sequence[Candidate]) -> tuple[Relation, int] | None:
        """Returns how a fact stands to one of a few memories near it, by number; None where it stands alone.

        Raises `loci.errors.DependencyError` as `extract` does.
        """
        ...
