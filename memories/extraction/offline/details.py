"""What a fact names, how long it matters and how much, as far as its words and its attribute tell."""

import re
from datetime import datetime

from memories.extraction.offline.vocabulary import words
from memories.models import Lifetime

_NAME = re.compile(r"\b[A-Z0-9][\w'+#&-]*(?:\.\w+)*(?: (?:(?:de|da|van|von|of|the|del|la) ){0,2}[A-Z0-9][\w'+#&.-]*)*")
_NOT_TOPICS = words("not_topics")
_MAX_TOPICS = 12
_TEMPORARY = re.compile(
    r"\b(?:is planning|plans? (?:to|on)|is going to|is (?:visiting|flying|traveling|travelling|moving|preparing"
    r"|training)"
    r"|is (?:looking|searching|applying|saving|studying) for|appointment|interview|deadline|expecting|due (?:on|in)"
    r"|for now|temporar\w+|until|at the moment|recovering|has a (?:cold|flu|fever|cough)|order|parcel|refund"
    r"|delayed|broken"
    r"|pregnant|wants to|hopes to|would like to|is thinking)\b",
    re.IGNORECASE,
)
_GRAVE = re.compile(
    r"\b(?:died|passed away|cancer|diagnosed|allergic|wheelchair|pregnant|suicid\w+|miscarriage|divorc\w+|widow\w*|deaf"
    r"|blind|sober|surgery|stroke|epilepsy|diabet\w+)\b",
    re.IGNORECASE,
)
_BY_ATTRIBUTE = {
    "allergy": 5, "health": 4, "medication": 4, "diet": 4, "name": 4, "location": 4, "relationship": 4, "partner": 4,
    "family": 4, "work": 4, "assistant": 4, "birthday": 3, "age": 3, "pet": 3, "language": 3, "education": 3,
    "origin": 3, "contact": 3, "account": 3, "preference": 2, "favorite": 2, "possession": 2, "tool": 2,
}  # fmt: skip
_BY_CATEGORY = {"health": 4, "family": 3, "milestones": 3, "professional_details": 3, "user_preferences": 3}
_ORDINARY = 2
_HIGHEST = 5


def topics_of(text: str) -> tuple[str, ...]:
    """Returns the names in a fact's text; its first word is one where another follows or it stands in no sentence."""
    found = (name[0].strip(".-'") for name in _NAME.finditer(text, re.search(r"\s|$", text).start()))  # type: ignore[union-attr]  # The end always matches.
    names = (name for name in found if not name[:1].isdigit() and name.casefold() not in _NOT_TOPICS)
    return tuple(dict.fromkeys(name.removesuffix("'s") for name in names))[:_MAX_TOPICS]


def lifetime_of(text: str, event_time: datetime | None, observed_at: datetime) -> Lifetime:
    """Returns whether a fact will matter for good, or for days and months as what lies ahead or passes does."""
    lies_ahead = event_time is not None and event_time > observed_at
    return Lifetime.TEMPORARY if lies_ahead or _TEMPORARY.search(text) else Lifetime.LASTING


def importance_of(text: str, attribute: str | None, category: str | None) -> int:
    """Returns how much a fact matters, from 1 to 5, by its kind."""
    if _GRAVE.search(text):
        return _HIGHEST
    by_attribute = _BY_ATTRIBUTE.get((attribute or "").split(".")[0])
    return by_attribute or _BY_CATEGORY.get(category or "", _ORDINARY)
