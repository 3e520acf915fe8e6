"""How a fact stands to what is known, where words can tell: the same, the same with more to it, or the end of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import snowballstemmer

from memories.extraction.base import Candidate, Decision, Fact, Relation
from memories.extraction.offline.vocabulary import words

_SAID_BY_FORM = words("form_words")
_TASTES = {"love": "like", "enjoy": "like", "ador": "like", "hate": "dislik", "despis": "dislik"}
_ENDED = re.compile(
    r"\b(?:(?:is|are) no longer|no longer|not|anymore|any more|any longer|stopped|quit|gave up|given up"
    r"|cancel(?:l?ed)?|sold"
    r"|lost|had to|has|got rid of)\b",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"\bno longer\b|\banymore\b|\bany (?:more|longer)\b|\b(?:stopped|quit|gave up|cancell?(?:ed)?|sold|got rid of)\b",
    re.IGNORECASE,
)
_SWITCH = re.compile(r"\b(?:switched|moved|changed|migrated) (?:over )?from (?P<old>.{2,60}?) to\b", re.IGNORECASE)
_NEGATION = re.compile(r"\b(?:not|no|never|cannot|none|dislikes?|hates?|without)\b", re.IGNORECASE)
_UNCOUPLED = frozenset(("single", "divorced", "separated", "widowed"))
_LEAST = 2
"""Words that must be shared for one text to be a part of another."""


@dataclass(frozen=True)
class _Words:
    stems: frozenset[str]
    is_negated: bool
    is_end: bool


def related(fact: Fact, candidates: Sequence[Candidate]) -> Fact:
    """Returns the fact with how it stands to one of the candidates, where that can be told."""
    decision = decided(fact, candidates)
    return replace(fact, relation=decision[0], candidate=decision[1]) if decision else fact


def decided(fact: Fact, candidates: Sequence[Candidate]) -> Decision:
    """Returns the first candidate that says the same, less, or what the fact ends; likeness alone decides nothing."""
    for judge in (_says_the_same, _has_same_attribute, _is_part, _ends):
        for candidate in candidates:
            if relation := judge(fact, candidate):
                return relation, candidate.number
        if judge is _has_same_attribute and fact.attribute in {candidate.attribute for candidate in candidates}:
            return None
    return None


def _says_the_same(fact: Fact, candidate: Candidate) -> Relation | None:
    return Relation.DUPLICATE if normalized(candidate.text) == normalized(fact.text) else None


def _has_same_attribute(fact: Fact, candidate: Candidate) -> Relation | None:
    """The same value in fewer words is no news."""
    if fact.attribute is None or (fact.attribute, fact.value) != (candidate.attribute, candidate.value):
        return None
    return Relation.DUPLICATE if _words(fact.text).stems <= _words(candidate.text).stems else None


def _is_part(fact: Fact, candidate: Candidate) -> Relation | None:
    """One of the texts holds all words of the other, with the same negation."""
    if fact.attribute and candidate.attribute and fact.attribute != candidate.attribute:
        return None
    new, old = _words(fact.text), _words(candidate.text)
    if new.is_negated != old.is_negated or new.is_end != old.is_end:
        return None
    if new.stems <= old.stems and len(new.stems) >= _LEAST:
        return Relation.DUPLICATE
    return Relation.REFINES if old.stems < new.stems and len(old.stems) >= _LEAST else None


def _ends(fact: Fact, candidate: Candidate) -> Relation | None:
    """What is no longer so, or was left for something else, is untrue; and nobody single is still somebody's."""
    if fact.attribute == "relationship.status" and fact.value in _UNCOUPLED:
        return Relation.REPLACES if candidate.attribute == "partner.name" and candidate.value else None
    old = _words(candidate.text)
    if old.is_end or old.is_negated:
        return None
    if switch := _SWITCH.search(fact.text):
        left = _stems(switch["old"])
    elif _ENDS.search(fact.text):
        left = _stems(_ENDED.sub(" ", fact.text))
    else:
        return None
    return Relation.REPLACES if left and left <= old.stems else None


def normalized(text: str) -> str:
    """Returns the text's words in lower case: by what texts are compared."""
    return " ".join(re.findall(r"\w+", text.casefold()))


@lru_cache(maxsize=2_048)
def _words(text: str) -> _Words:
    return _Words(_stems(text), bool(_NEGATION.search(text)), bool(_ENDS.search(text)))


def _stems(text: str) -> frozenset[str]:
    said = [word for word in re.findall(r"[\w+#]+", text.casefold()) if word not in _SAID_BY_FORM]
    stems = snowballstemmer.stemmer("english").stemWords(said)
    return frozenset(_TASTES.get(stem, stem) for stem in stems)
