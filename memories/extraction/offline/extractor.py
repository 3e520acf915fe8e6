"""The extractor that needs no network and no key: rules for English, and a classifier for what they do not know."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

import numpy as np

from memories.embedding.base import Embedder, Vectors
from memories.extraction.base import Candidate, Decision, Extraction, ExtractionInput, Fact, Question, Relation
from memories.extraction.offline.dates import resolved
from memories.extraction.offline.details import importance_of, lifetime_of, topics_of
from memories.extraction.offline.features import signs_of
from memories.extraction.offline.forgetting import named_to_forget
from memories.extraction.offline.keeping import Weights, learned
from memories.extraction.offline.lists import told_apart
from memories.extraction.offline.patterns import PATTERNS, Match
from memories.extraction.offline.prototypes import PrototypeClassifier
from memories.extraction.offline.reading import Statement, statements_of
from memories.extraction.offline.relations import decided, left_out, normalized, related
from memories.extraction.offline.screening import is_hopeless, is_of_others, may_be_meant, says_anything
from memories.extraction.offline.sentences import with_points
from memories.extraction.offline.wishes import is_wanted
from memories.extraction.offline.wording import third_person

VERSION = "offline/3"
MAX_JUDGED = 400
"""Clauses judged in one call (some 2 ms each); of those beyond, what a pattern knows is kept and the rest dropped."""
MUCH = 3
"""Words left out of a clause that are too many to leave out."""
_TOLD_BY_VALUE = frozenset(
    ("name", "age", "birthday", "location", "partner", "contact", "preference", "favorite", "language")
)
NEAREST = 20
"""Facts before one that it is compared with, to be said once."""


@dataclass(frozen=True)
class Found:
    """A fact in the making: with `match` when a pattern knows it, without when it is the clause or a part of a list."""

    clause: str
    said: str
    signs: frozenset[str]
    speaker: str
    source: int
    event_time: datetime | None
    match: Match | None

    @property
    def text(self) -> str:
        """Returns the fact's text."""
        return with_points(self.match.text if self.match else third_person(self.said))

    @property
    def topic(self) -> str:
        """Returns what tells its category: of a like what is liked, for all likes look alike."""
        return with_points((self.match.topic or self.match.text) if self.match else self.clause)


class OfflineExtractor:
    """Finds lasting personal facts by rules and by a classifier that learned from labelled examples (design.md §3).

    Its limits: English only (from other languages it extracts nothing); it takes a message's first person for the
    speaker's own and sees little irony; `custom_instructions` are not followed, `includes` and `excludes` only as
    words. Every message of the roles `given.speakers` is read, whatever a role's usual part; `system` and `tool`
    messages never are.
    """

    def __init__(self, embedder: Embedder, weights: Weights | None = None) -> None:
        self._embedder = embedder
        self._weights = weights or learned()
        self._classifier = PrototypeClassifier(embedder)

    def extract(self, given: ExtractionInput) -> Extraction:
        """Returns the facts in `given.messages`, in the order in which they were said.

        Raises `loci.errors.DependencyError` when a remote embedder cannot be reached.
        """
        kept = self._kept(found_in(given))
        facts = (_fact(one, category, given) for one, category in zip(kept, self._categories(kept, given), strict=True))
        wishes = given.instructions
        wanted = [fact for fact in facts if is_wanted(fact, includes=wishes.includes, excludes=wishes.excludes)]
        return Extraction(
            facts=tuple(related(fact, given.candidates) for fact in _without_parts(wanted)),
            forgotten=named_to_forget(given, self._category),
            extractor=VERSION,
        )

    def decide(self, questions: Sequence[Question]) -> list[Decision]:
        """Returns for each question the memory that says the same, a part of it, or what it ends; else None.

        Words decide; likeness alone decides nothing here.
        """
        return [decided(question.fact, question.near) for question in questions]

    def _category(self, candidate: Candidate) -> str | None:
        liked = (candidate.attribute or "").partition("preference.")[2].replace("_", " ")
        return self._classifier.categories_of([liked or candidate.text], {})[0]

    def _kept(self, found: Sequence[Found]) -> list[Found]:
        """Drops what is not likely to last."""
        judged = found[:MAX_JUDGED]
        if not judged:
            return []
        chances = self._weights.chances([one.signs for one in judged], embedded(judged, self._embedder))
        kept = [one for one, chance in zip(judged, chances, strict=True) if chance >= self._weights.keep]
        return kept + [one for one in found[MAX_JUDGED:] if one.match]

    def _categories(self, kept: Sequence[Found], given: ExtractionInput) -> list[str | None]:
        """Returns each fact's category: its pattern's, or the one whose examples lie nearest."""
        own = given.instructions.categories
        settled = [one.match.category if one.match and not own else None for one in kept]
        open_ones = [number for number, category in enumerate(settled) if category is None]
        nearest = self._classifier.categories_of([kept[number].topic for number in open_ones], own)
        for number, category in zip(open_ones, nearest, strict=True):
            settled[number] = category
        return settled


def embedded(found: Sequence[Found], embedder: Embedder) -> Vectors:
    """Returns the embedding of each clause, of which each is embedded once."""
    clauses = [with_points(one.clause) for one in found]
    distinct = list(dict.fromkeys(clauses))
    known = dict(zip(distinct, embedder.embed(distinct), strict=True))
    return np.array([known[clause] for clause in clauses], np.float32)


def found_in(given: ExtractionInput) -> list[Found]:
    """Returns whatever the speakers state in the new messages, by message, before it is judged."""
    by_speaker = [_without_repetition(_found(given, speaker)) for speaker in given.speakers]
    return sorted(chain(*by_speaker), key=lambda one: one.source)


def _found(given: ExtractionInput, speaker: str) -> Iterator[Found]:
    for statement in statements_of(given, speaker):
        yield from _read(statement, speaker, given.observed_at)


def _read(statement: Statement, speaker: str, observed_at: datetime) -> Iterator[Found]:
    """Yields what patterns find in a clause, or else the clause itself, once for each thing that it lists."""
    text, event_time = resolved(statement.text, observed_at)
    signs = statement.signs | signs_of(text)
    matches = list(_matches(text)) if may_be_meant(text) else []
    if len(matches) == 1 and _covered(text, matches):
        matches = [_in_full(matches[0], text)]
    about = (statement.source, event_time)
    for match in matches:
        yield Found(text, text, signs | ({"known"} if match.attribute else set()), speaker, *about, match)
    if not (_covered(text, matches) or is_hopeless(signs) or is_of_others(text)) and says_anything(text):
        for said in told_apart(text):
            known = next(iter(_matches(said)), None) if said != text else None
            yield Found(text, said, signs, speaker, *about, known)


def _matches(clause: str) -> list[Match]:
    """Returns one match for each attribute."""
    found: list[Match] = []
    for pattern in PATTERNS:
        known = {said for match in found for said in (match.attribute, match.text) if said}
        found += [match for match in pattern.matches(clause) if not known & {match.attribute, match.text}]
    return found


def _in_full(match: Match, clause: str) -> Match:
    """Returns the match with the clause for its text, where that leaves much out ("Is retired", after years at sea)."""
    text = third_person(clause)
    is_brief = match.attribute is None or match.attribute.split(".")[0] in _TOLD_BY_VALUE
    return match if is_brief or len(left_out(match.text, text)) < MUCH else replace(match, text=text)


def _covered(clause: str, matches: Sequence[Match]) -> bool:
    """Tells whether one of the matches says what the clause is about, not only what it mentions ("my dog Rex")."""
    subject = re.search(r"\bI\b", clause)
    return any(match.start <= (subject.start() if subject else 0) for match in matches)


def _without_repetition(found: Iterator[Found]) -> Iterator[Found]:
    """Drops what was said before in the same words, and what gives an attribute the value that it has already.

    Who moves from Rome to Oslo and back lives in Rome: only the latest value of an attribute counts.
    """
    values: dict[str, str] = {}
    texts: set[str] = set()
    for one in found:
        match = one.match
        if match and match.attribute:
            is_new = values.get(match.attribute) != normalized(match.value or "")
            values[match.attribute] = normalized(match.value or "")
        else:
            text = normalized(one.text)
            is_new = text not in texts
            texts.add(text)
        if is_new:
            yield one


def _without_parts(facts: Sequence[Fact]) -> list[Fact]:
    """Drops what an earlier fact says already, in these or in more words; what has an attribute is left to that."""
    kept: list[Fact] = []
    for fact in facts:
        earlier = [Candidate(number, each.text, each.attribute) for number, each in enumerate(kept[-NEAREST:])]
        decision = None if fact.attribute else decided(fact, earlier)
        if decision is None or decision[0] != Relation.DUPLICATE:
            kept.append(fact)
    return kept


def _fact(found: Found, category: str | None, given: ExtractionInput) -> Fact:
    match, text = found.match, found.text
    attribute = match.attribute if match else None
    return Fact(
        text=text,
        sources=(found.source,),
        speaker=found.speaker,
        categories=(category,) if category else (),
        attribute=attribute,
        value=with_points(match.value) if match and match.value is not None else None,
        event_time=found.event_time,
        lifetime=lifetime_of(text, found.event_time, given.observed_at),
        importance=importance_of(text, attribute, category),
        topics=topics_of(text),
    )
