"""What goes into an extractor and what comes out: messages in, facts out (design.md §3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from memories.models import Lifetime, Trust


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
    """One message as an extractor sees it. `name` is the speaker's name, where the application gave one.

    `flags` are what screening found in it and its content no longer shows. `trust` is who vouches for its content;
    None leaves that to its role.
    """

    role: str
    content: str
    name: str | None = None
    trust: Trust | None = None
    flags: tuple[str, ...] = ()

    @property
    def vouched_by(self) -> Trust:
        """Returns who vouches for the content: a user, an assistant, or for any other role nobody who takes part."""
        by_role = {"user": Trust.USER, "assistant": Trust.ASSISTANT}
        return self.trust or by_role.get(self.role, Trust.EXTERNAL)


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
    update_custom_instructions: str = ""
    """For how a fact stands to what is known."""
    usecase: str = ""
    memory_depth: str = ""
    """Hints: what the project is for, and how much of a conversation it wants kept."""
    is_multilingual: bool = True
    """Whether a fact keeps the language in which it was said; else it is written in English."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """The properties of the call's `structured_data_schema`: attribute key to the JSON schema of its value."""
    may_forget: bool = False
    """Whether the speaker may have candidates forgotten by asking for it."""


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
class Edge:
    """What a fact says of two topics: "Mara" "works at" "Acme"; either may be the speaker, as `user`."""

    source: str
    relation: str
    target: str


@dataclass(frozen=True)
class Fact:
    """One thing worth keeping, before it is resolved against what is known.

    `attribute` is a dotted key that has one current value per entity (`location`, `preference.cheese`), with its
    `value`. `sources` are indices into the input's messages. `relation` and `candidate` come together. `importance`
    goes from 1 (a detail) to 5 (it shapes everything); None where the extractor does not judge it. `topics` are the
    people, places and things that the text names. `trust` and `flags` are not the extractor's to say: whoever resolves
    the fact takes them from its messages and its text.
    """

    text: str
    sources: tuple[int, ...] = ()
    speaker: str = "user"
    categories: tuple[str, ...] = ()
    attribute: str | None = None
    value: str | None = None
    event_time: datetime | None = None
    lifetime: Lifetime = Lifetime.LASTING
    importance: int | None = None
    topics: tuple[str, ...] = ()
    relations: tuple[Edge, ...] = ()
    relation: Relation | None = None
    candidate: int | None = None
    trust: Trust = Trust.USER
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Extraction:
    """The facts of one call, and what the call cost."""

    facts: tuple[Fact, ...]
    extractor: str
    """Name and version of the extractor and its prompt, kept with each revision: `offline/1`, `llm/<model>/add-1`."""
    forgotten: tuple[int, ...] = ()
    """The candidates that the speaker asked to have forgotten, where `Instructions.may_forget` allows that."""
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True)
class Question:
    """A fact that is open: how does it stand to one of these memories near it, that the extractor was not shown?"""

    fact: Fact
    near: Sequence[Candidate]


Decision = tuple[Relation, int] | None
"""How a fact stands to a candidate, by number; None where it stands alone."""


class Extractor(Protocol):
    """Turns messages into facts."""

    def extract(self, given: ExtractionInput) -> Extraction:
        """Returns the facts in `given.messages`, in the order in which they were said.

        Raises `loci.errors.DependencyError` when the work should be tried again later.
        """
        ...

    def decide(self, questions: Sequence[Question]) -> list[Decision]:
        """Returns a decision for each question, all of them in one call at most.

        Raises `loci.errors.DependencyError` as `extract` does.
        """
        ...
