"""The extractor that needs no network and no key: rules for English, and a classifier for what they do not know."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, islice

from memories.embedding.base import Embedder
from memories.extraction.base import (
    Candidate,
    Decision,
    Extraction,
    ExtractionInput,
    Fact,
    InputMessage,
    Question,
    Relation,
)
from memories.extraction.offline.answers import as_statement
from memories.extraction.offline.dates import resolved
from memories.extraction.offline.patterns import PATTERNS, Match
from memories.extraction.offline.prototypes import Judgement, PrototypeClassifier
from memories.extraction.offline.screening import is_personal, says_enough, statements
from memories.extraction.offline.sentences import sentences
from memories.extraction.offline.wishes import is_wanted
from memories.extraction.offline.wording import third_person

VERSION = "offline/1"
MAX_SENTENCES = 2_000
"""Sentences read in one call; those beyond are not looked at."""
MAX_JUDGED = 200
"""Statements given to the classifier in one call (some 5 ms each); those beyond that no pattern knows are dropped."""

_TASTE = r"\b(?:like|love|hate|enjoy|prefer|stand|adore|dislike|despise)"
_LIKED = re.compile(rf"{_TASTE}d? (?!it\b|them\b|that\b|this\b|to\b)([\w' -]{{2,40}})$")
_LIKED_PRONOUN = re.compile(rf"({_TASTE}) (?:it|them)\b")


@dataclass(frozen=True)
class _Found:
    """A fact in the making: with `match` when a pattern knew it, without when the classifier is to judge the clause."""

    clause: str
    speaker: str
    source: int
    event_time: datetime | None
    match: Match | None


class OfflineExtractor:
    """Finds lasting personal facts by rules, and by the nearest prototypes where the rules know nothing (design.md §3).

    Its limits: English only (from other languages it extracts nothing); it knows what its patterns and prototypes
    know; it takes a message's first person for the speaker's own and does not see irony; `custom_instructions` are
    not followed, `includes` and `excludes` only as words. Every message of the roles `given.speakers` is read,
    whatever a role's usual part; `system` and `tool` messages never are.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._classifier = PrototypeClassifier(embedder)

    def extract(self, given: ExtractionInput) -> Extraction:
        """Returns the facts in `given.messages`, in the order in which they were said.

        Raises `loci.errors.DependencyError` when a remote embedder cannot be reached.
        """
        by_speaker = [_without_repetition(_found(given, speaker)) for speaker in given.speakers]
        found = sorted(chain(*by_speaker), key=lambda one: one.source)
        judgements = self._judged(found, given)
        facts = (
            _fact(one, judgement, given)
            for one, judgement in zip(found, judgements, strict=True)
            if _is_kept(one, judgement)
        )
        wishes = given.instructions
        wanted = (fact for fact in facts if is_wanted(fact, includes=wishes.includes, excludes=wishes.excludes))
        return Extraction(facts=tuple(_related(fact, given.candidates) for fact in wanted), extractor=VERSION)

    def decide(self, questions: Sequence[Question]) -> list[Decision]:
        """Returns for each question the memory that says the same in the same words, as a duplicate, or None.

        Likeness alone decides nothing here: what replaces what is told by attributes.
        """
        return [_same(question.fact, question.near) for question in questions]

    def _judged(self, found: Sequence[_Found], given: ExtractionInput) -> list[Judgement | None]:
        """Asks the classifier about whatever a pattern did not settle: whether to keep it, or its category."""
        own = given.instructions.categories
        unsure = [n for n, one in enumerate(found) if own or one.match is None or one.match.category is None]
        texts = [_judged_text(found[n]) for n in unsure[:MAX_JUDGED]]
        judged: list[Judgement | None] = [None] * len(found)
        for n, judgement in zip(unsure, self._classifier.judge(texts, own), strict=False):
            judged[n] = judgement
        return judged


def _related(fact: Fact, candidates: Sequence[Candidate]) -> Fact:
    same = _same(fact, candidates)
    return replace(fact, relation=same[0], candidate=same[1]) if same else fact


def _same(fact: Fact, candidates: Sequence[Candidate]) -> Decision:
    said = _normalized(fact.text)
    found = next((candidate for candidate in candidates if _normalized(candidate.text) == said), None)
    return (Relation.DUPLICATE, found.number) if found else None


def _judged_text(found: _Found) -> str:
    """A like is judged by what is liked, for all likes look alike."""
    return (found.match.topic or found.match.text) if found.match else found.clause


def _found(given: ExtractionInput, speaker: str) -> Iterator[_Found]:
    if speaker in ("system", "tool"):
        return
    left = MAX_SENTENCES
    earlier = given.context[-1] if given.context else None
    for source, message in enumerate(given.messages):
        if message.role == speaker and left > 0:
            said = sentences(message.content)[:left]
            left -= len(said)
            for clause in _statements(said, message, earlier):
                yield from _read(clause, speaker, source, given.observed_at)
        earlier = message


def _statements(said: list[str], message: InputMessage, earlier: InputMessage | None) -> Iterator[str]:
    """Yields what the sentences of a message state about its speaker, a short answer to `earlier` written out."""
    if said and earlier and earlier.role != message.role:
        said[0] = as_statement(said[0], earlier.content) or said[0]
    thing: str | None = None
    for clause in statements(said):
        text = _LIKED_PRONOUN.sub(rf"\1 {thing}", clause) if thing else clause
        if liked := _LIKED.search(text):
            thing = liked[1]
        if is_personal(text):
            yield text


def _read(clause: str, speaker: str, source: int, observed_at: datetime) -> Iterator[_Found]:
    """Yields the facts that patterns find in a clause, or the clause itself for the classifier."""
    text, event_time = resolved(clause, observed_at)
    matches = list(_matches(text))
    yield from (_Found(text, speaker, source, event_time, match) for match in matches)
    if not _covered(text, matches) and says_enough(text):
        yield _Found(text, speaker, source, event_time, None)


def _matches(clause: str) -> list[Match]:
    """Returns one match for each attribute; patterns for whole clauses count only when no other says it better."""
    found: list[Match] = []
    for pattern in PATTERNS:
        if pattern.is_specific:
            known = {said for match in found for said in (match.attribute, match.text) if said}
            found += [match for match in pattern.matches(clause) if not known & {match.attribute, match.text}]
    if _covered(clause, found):
        return found
    whole = (
        replace(match, start=0) for pattern in PATTERNS if not pattern.is_specific for match in pattern.matches(clause)
    )
    return [*found, *islice(whole, 1)]


def _covered(clause: str, matches: Sequence[Match]) -> bool:
    """Tells whether one of the matches says what the clause is about, not only what it mentions ("my dog Rex")."""
    subject = re.search(r"\bI\b", clause)
    return any(match.start <= (subject.start() if subject else 0) for match in matches)


def _without_repetition(found: Iterator[_Found]) -> Iterator[_Found]:
    """Drops what was said before in the same words, and what gives an attribute the value that it has already.

    Who moves from Rome to Oslo and back lives in Rome: only the latest value of an attribute counts.
    """
    values: dict[str, str] = {}
    texts: set[str] = set()
    for one in found:
        match = one.match
        if match and match.attribute:
            is_new = values.get(match.attribute) != _normalized(match.value or "")
            values[match.attribute] = _normalized(match.value or "")
        else:
            text = _normalized(match.text if match else third_person(one.clause))
            is_new = text not in texts
            texts.add(text)
        if is_new:
            yield one


def _is_kept(found: _Found, judgement: Judgement | None) -> bool:
    return found.match is not None or bool(judgement and judgement.lasting)


def _fact(found: _Found, judgement: Judgement | None, given: ExtractionInput) -> Fact:
    match = found.match
    return Fact(
        text=match.text if match else third_person(found.clause),
        sources=(found.source,),
        speaker=found.speaker,
        categories=_categories(match, judgement, given),
        attribute=match.attribute if match else None,
        value=match.value if match else None,
        event_time=found.event_time,
    )


def _categories(match: Match | None, judgement: Judgement | None, given: ExtractionInput) -> tuple[str, ...]:
    settled = None if given.instructions.categories else match and match.category
    name = settled or (judgement and judgement.category)
    return (name,) if name else ()


def _normalized(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
