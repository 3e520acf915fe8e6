"""From messages to statements of one speaker: answers written out, pronouns resolved, corrections applied."""

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise

from memories.extraction.base import ExtractionInput, InputMessage
from memories.extraction.offline.answers import as_statement
from memories.extraction.offline.context import signs_of_message, signs_of_place
from memories.extraction.offline.corrections import corrected
from memories.extraction.offline.irony import is_laughed_at, takes_back, without_laughter
from memories.extraction.offline.people import Mentioned
from memories.extraction.offline.screening import is_about_given_text, statements
from memories.extraction.offline.sentences import Clause, sentences
from memories.extraction.offline.standing import standing_requests

MAX_SENTENCES = 1_200
"""Sentences read in one call; those beyond are not looked at."""

_TASTE = r"\b(?:like|love|hate|enjoy|prefer|stand|adore|dislike|despise)"
_LIKED = re.compile(rf"{_TASTE}d? (?!it\b|them\b|that\b|this\b|to\b)([\w' -]{{2,40}})$")
_LIKED_PRONOUN = re.compile(rf"({_TASTE}) (?:it|them)\b")


@dataclass(frozen=True)
class Statement:
    """A clause that states something: `source` is its message, `sentence` its sentence's number in the call.

    `signs` tell what its own words do not: where it stands, and what was done to it.
    """

    text: str
    source: int
    sentence: int
    signs: frozenset[str] = frozenset()


def statements_of(given: ExtractionInput, speaker: str) -> list[Statement]:
    """Returns what a speaker states in the new messages, in order, with what was taken back left out."""
    if speaker in ("system", "tool"):
        return []
    reader = _Reader(people=Mentioned.among(given.candidates))
    before = [given.context[-1] if given.context else None, *given.messages]
    for source, (earlier, message) in enumerate(pairwise(before)):
        if message is not None and message.role == speaker:
            reader.read(message, earlier, source)
    return reader.said


@dataclass
class _Reader:
    said: list[Statement] = field(default_factory=list)
    people: Mentioned = field(default_factory=Mentioned)
    sentence: int = 0
    liked: str | None = None

    def read(self, message: InputMessage, earlier: InputMessage | None, source: int) -> None:
        """Reads one message; `earlier` is the one before it."""
        self.liked = None
        left = max(0, MAX_SENTENCES - self.sentence)
        found = sentences(message.content)[:left] if left else []
        of_message = signs_of_message(message.content, found) if found else frozenset()
        for number, text in enumerate(found):
            self.sentence += 1
            if is_about_given_text(text):
                return
            if takes_back(text):
                self._take_back(source)
                continue
            is_reply = not number and earlier is not None and earlier.role != message.role
            answer = as_statement(text, earlier.content) if earlier and is_reply else None
            requests, rest = standing_requests(answer or text)
            signs = of_message | signs_of_place(found, number)
            self._read_sentence(rest, source, signs | ({"answer"} if answer else set()))
            self.said += [Statement(request, source, self.sentence, frozenset({"standing"})) for request in requests]

    def _take_back(self, source: int) -> None:
        self.said = [each for each in self.said if (each.source, each.sentence) < (source, self.sentence - 1)]

    def _read_sentence(self, sentence: str, source: int, signs: frozenset[str]) -> None:
        for number, clause in enumerate(statements(sentence)):
            if clause.corrects and self._correct(clause):
                continue
            text = self._resolved(clause.text)
            about = {
                "resolved": text != clause.text,
                "laughed at": is_laughed_at(sentence),
                "later clause": number > 0,
                "asking": sentence.endswith("?"),
            }
            own = frozenset(name for name, is_so in about.items() if is_so)
            self.said.append(Statement(without_laughter(text), source, self.sentence, signs | own))
            self.people.note(text)

    def _correct(self, clause: Clause) -> bool:
        """Puts a correction into the last statement; tells whether it was one."""
        last = self.said[-1] if self.said else None
        text = corrected(last.text, clause.text) if last and self.sentence - last.sentence <= 2 else None
        if last and text:
            self.said[-1] = replace(last, text=text)
        return bool(text)

    def _resolved(self, clause: str) -> str:
        """Returns the clause with the thing or person for its pronoun, where that was just named."""
        text = _LIKED_PRONOUN.sub(rf"\1 {self.liked}", clause) if self.liked else clause
        if found := _LIKED.search(text):
            self.liked = found[1]
        return text if text != clause else self.people.named(text)
