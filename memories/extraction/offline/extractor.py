"""The extractor that needs no network and no key: rules for English, and a classifier for what they do not know."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, islice

from memories.embedding.base import Embedder
from memories.extraction.base import Candidate, Decision, Extraction, ExtractionInput, Fact, Question
from memories.extraction.offline.dates import resolved
from memories.extraction.offline.details import importance_of, lifetime_of, topics_of
from memories.extraction.offline.forgetting import named_to_forget
from memories.extraction.offline.patterns import PATTERNS, Match
from memories.extraction.offline.prototypes import Judgement, PrototypeClassifier
from memories.extraction.offline.reading import Statement, statements_of
from memories.extraction.offline.relations import decided, normalized, related
from memories.extraction.offline.screening import is_vague, says_enough
from memories.extraction.offline.sentences import with_points
from memories.extraction.offline.wishes import is_wanted
from memories.extraction.offline.wording import third_person

VERSION = "offline/2"
MAX_JUDGED = 200
"""Statements given to the classifier in one call (some 5 ms each); those beyond that no pattern knows are dropped."""
KEEP_MARGIN = 0.03
"""How much nearer to what is kept than to what is dropped a clause must be that no pattern knows."""
WHOLE_MARGIN = -0.10
"""The same where a pattern says that clauses of this kind are kept."""


@dataclass(frozen=True)
class _Found:
    """A fact in the making: with `match` when a pattern knew it, without when the classifier is to judge the clause."""

    clause: str
    speaker: str
    source: int
    event_time: datetime | None
    match: Match | None

    @property
    def text(self) -> str:
        """Returns the fact's text."""
        return with_points(self.match.text if self.match else third_person(self.clause))


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
        return Extraction(
            facts=tuple(related(fact, given.candidates) for fact in wanted),
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
        return self._classifier.judge([liked or candidate.text], {})[0].category

    def _judged(self, found: Sequence[_Found], given: ExtractionInput) -> list[Judgement | None]:
        """Asks the classifier about whatever a pattern did not settle: whether to keep it, or its category."""
        own = given.instructions.categories
        unsure = [n for n, one in enumerate(found) if own or one.match is None or not one.match.is_settled]
        texts = [_judged_text(found[n]) for n in unsure[:MAX_JUDGED]]
        judged: list[Judgement | None] = [None] * len(found)
        for n, judgement in zip(unsure, self._classifier.judge(texts, own), strict=False):
            judged[n] = judgement
        return judged


def _judged_text(found: _Found) -> str:
    """A like is judged by what is liked, for all likes look alike."""
    if found.match is None or found.match.is_whole:
        return with_points(found.clause)
    return with_points(found.match.topic or found.match.text)


def _found(given: ExtractionInput, speaker: str) -> Iterator[_Found]:
    for statement in statements_of(given, speaker):
        yield from _read(statement, speaker, given.observed_at)


def _read(statement: Statement, speaker: str, observed_at: datetime) -> Iterator[_Found]:
    """Yields the facts that patterns find in a clause, or the clause itself for the classifier."""
    text, event_time = resolved(statement.text, observed_at)
    matches = list(_matches(text))
    yield from (_Found(text, speaker, statement.source, event_time, match) for match in matches)
    if statement.is_certain and not _covered(text, matches) and says_enough(text):
        yield _Found(text, speaker, statement.source, event_time, None)


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
        replace(match, start=0, is_whole=True)
        for pattern in PATTERNS
        if not pattern.is_specific
        for match in pattern.matches(clause)
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
            is_new = values.get(match.attribute) != normalized(match.value or "")
            values[match.attribute] = normalized(match.value or "")
        else:
            text = normalized(one.text)
            is_new = text not in texts
            texts.add(text)
        if is_new:
            yield one


def _is_kept(found: _Found, judgement: Judgement | None) -> bool:
    """What a pattern knows well is kept, unless it is liking what nobody likes: that is irony."""
    match = found.match
    if judgement is None:
        return match is not None
    if match is None:
        return judgement.margin > KEEP_MARGIN and not is_vague(found.clause)
    if match.is_whole:
        return judgement.margin > WHOLE_MARGIN and not is_vague(found.clause)
    return not (match.value == "like" and judgement.is_unpleasant)


def _fact(found: _Found, judgement: Judgement | None, given: ExtractionInput) -> Fact:
    match, text = found.match, found.text
    attribute = match.attribute if match else None
    categories = _categories(match, judgement, given)
    return Fact(
        text=text,
        sources=(found.source,),
        speaker=found.speaker,
        categories=categories,
        attribute=attribute,
        value=with_points(match.value) if match and match.value is not None else None,
        event_time=found.event_time,
        lifetime=lifetime_of(text, found.event_time, given.observed_at),
        importance=importance_of(text, attribute, next(iter(categories), None)),
        topics=topics_of(text),
    )


def _categories(match: Match | None, judgement: Judgement | None, given: ExtractionInput) -> tuple[str, ...]:
    settled = None if given.instructions.categories else match and match.category
    name = settled or (judgement and judgement.category)
    return (name,) if name else ()
