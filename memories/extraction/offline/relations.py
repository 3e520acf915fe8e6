"""How a fact stands to what is known, where words can tell: the same, the same with more to it, or the end of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import snowballstemmer

from memories.extraction.base import Candidate, Decision, Fact, Relation
from memories.extraction.offline.vocabulary import groups, words

_SAID_BY_FORM = words("form_words") | (words("adverbs") - {"never", "originally", "rarely", "seldom", "soon"})
_SAME = groups("same_stems")
_ENDED = re.compile(
    r"\b(?:(?:is|are) no longer|no longer|not|anymore|any more|any longer|stopped|quit|gave up|given up"
    r"|cancel(?:l?ed)?|sold|lost|had to|has|got rid of)\b",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"\bno longer\b|\banymore\b|\bany (?:more|longer)\b|\b(?:stopped|quit|gave up|cancell?(?:ed)?|sold|got rid of)\b",
    re.IGNORECASE,
)
_SWITCH = re.compile(r"\b(?:switched|moved|changed|migrated) (?:over )?from (?P<old>.{2,60}?) to\b", re.IGNORECASE)
_CHANGED = re.compile(
    r"\b(?:now|these days|nowadays|by now|instead|again|already|since then|changed|switched|moved|upgraded|increased"
    r"|raised|lowered|reduced|rescheduled|postponed|renamed|extended|up to|down to)\b",
    re.IGNORECASE,
)
"""What tells that something is no longer as it was, and is told for that."""
_DATE = re.compile(
    r"\b(?:(?:in|on|since|until|last|the week of|of) )*(?:(?:\d{1,2} )?(?:january|february|march|april|may|june|july"
    r"|august|september|october|november|december)\b(?: \d{4})?|(?:19|20)\d\d\b)",
    re.IGNORECASE,
)
_NEGATION = re.compile(r"\b(?:not|no|never|cannot|none|dislikes?|hates?|without)\b", re.IGNORECASE)
_UNCOUPLED = frozenset(("single", "divorced", "separated", "widowed"))
_LEAST = 2
"""Words that must be shared for one text to be a part of another."""


@dataclass(frozen=True)
class _Words:
    """What a text says: its words' stems, and the first of them, which is its verb or whom it is about."""

    stems: frozenset[str]
    head: str
    is_negated: bool
    is_end: bool


def related(fact: Fact, candidates: Sequence[Candidate]) -> Fact:
    """Returns the fact with how it stands to one of the candidates, where that can be told."""
    decision = decided(fact, candidates)
    return replace(fact, relation=decision[0], candidate=decision[1]) if decision else fact


def decided(fact: Fact, candidates: Sequence[Candidate]) -> Decision:
    """Returns the first candidate that says the same, less, or what the fact ends or changes.

    A candidate with the fact's own attribute is left to that attribute: it takes its new value.
    """
    for judge in (_says_the_same, _has_same_attribute, _is_part, _ends, _changes):
        for candidate in candidates:
            if relation := judge(fact, candidate):
                return relation, candidate.number
        if judge is _has_same_attribute and _is_of_known_attribute(fact, candidates):
            return None
    return None


def _is_of_known_attribute(fact: Fact, candidates: Sequence[Candidate]) -> bool:
    return fact.attribute is not None and any(fact.attribute == candidate.attribute for candidate in candidates)


def _says_the_same(fact: Fact, candidate: Candidate) -> Relation | None:
    return Relation.DUPLICATE if normalized(candidate.text) == normalized(fact.text) else None


def _has_same_attribute(fact: Fact, candidate: Candidate) -> Relation | None:
    """The same value in fewer words is no news."""
    if fact.attribute is None or (fact.attribute, fact.value) != (candidate.attribute, candidate.value):
        return None
    return Relation.DUPLICATE if _words(fact.text).stems <= _words(candidate.text).stems else None


def _is_part(fact: Fact, candidate: Candidate) -> Relation | None:
    """One of the texts holds all words of the other, begins with the same, and is as much of a denial."""
    new, old = _words(fact.text), _words(candidate.text)
    if not _is_alike(fact, candidate) or new.head != old.head:
        return None
    if new.stems <= old.stems and len(new.stems) >= _LEAST:
        return Relation.DUPLICATE
    return Relation.REFINES if old.stems < new.stems and len(old.stems) >= _LEAST else None


def _changes(fact: Fact, candidate: Candidate) -> Relation | None:
    """A text that tells of a change, and has most words of another that begins with the same, brings it up to date."""
    new, old = _words(_CHANGED.sub(" ", fact.text)), _words(candidate.text)
    if not _CHANGED.search(fact.text) or not _is_alike(fact, candidate) or new.head != old.head:
        return None
    shared = len(new.stems & old.stems)
    return Relation.REFINES if shared >= _LEAST and 2 * shared >= len(old.stems) else None


def _is_alike(fact: Fact, candidate: Candidate) -> bool:
    """Tells whether two texts may be of one thing: no other attribute, the same negation, neither an end."""
    if fact.attribute and candidate.attribute and fact.attribute != candidate.attribute:
        return False
    new, old = _words(fact.text), _words(candidate.text)
    return (new.is_negated, new.is_end) == (old.is_negated, old.is_end)


def _ends(fact: Fact, candidate: Candidate) -> Relation | None:
    """What is no longer so, or was left for something else, is untrue; and nobody single is still somebody's."""
    if fact.attribute == "relationship.status" and fact.value in _UNCOUPLED:
        return Relation.REPLACES if candidate.attribute == "partner.name" and candidate.value else None
    old = _words(candidate.text)
    if old.is_end or old.is_negated:
        return None
    if switch := _SWITCH.search(fact.text):
        left = _stems(switch["old"])
    elif _ENDED.search(fact.text):
        left = _stems(_DATE.sub(" ", _ENDED.sub(" ", fact.text)))
    else:
        return None
    is_named = len(left) >= _LEAST or len(old.stems) <= _LEAST
    return Relation.REPLACES if left and is_named and frozenset(left) <= old.stems else None


def left_out(text: str, of: str) -> frozenset[str]:
    """Returns the stems of the words, numbers aside, that another text has and this one leaves out."""
    return frozenset(stem for stem in _words(of).stems - _words(text).stems if stem.isalpha())


def normalized(text: str) -> str:
    """Returns the text's words in lower case: by what texts are compared."""
    return " ".join(re.findall(r"\w+", text.casefold()))


@lru_cache(maxsize=2_048)
def _words(text: str) -> _Words:
    stems = _stems(text)
    return _Words(frozenset(stems), next(iter(stems), ""), bool(_NEGATION.search(text)), bool(_ENDS.search(text)))


def _stems(text: str) -> list[str]:
    said = [word for word in re.findall(r"[\w+#]+", text.casefold()) if word not in _SAID_BY_FORM]
    return [_SAME.get(stem, stem) for stem in snowballstemmer.stemmer("english").stemWords(said)]
