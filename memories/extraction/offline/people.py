"""Whom "he", "she" and "they" mean: the relative who was named last ("My son Theo is nine. He's allergic to eggs.")."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from memories.extraction.base import Candidate

_HE = (
    r"brother|father|dad|son|husband|boyfriend|uncle|nephew|grandfather|grandpa|grandson|father-in-law|stepson"
    r"|brother-in-law"
)
_SHE = (
    r"sister|mother|mom|mum|daughter|wife|girlfriend|aunt|niece|grandmother|grandma|granddaughter|mother-in-law"
    r"|stepdaughter|sister-in-law"
)
_THEY = r"parents|kids|children|sons|daughters|twins|grandparents|in-laws|siblings|brothers|sisters"
_EITHER = r"partner|spouse|cousin|friend|roommate|flatmate|kid|child|baby|fianc\u00e9e?|fiancee?|toddler"
_PERSON = re.compile(
    rf"\b[Mm]y (?P<person>(?:(?:[a-z]+|\d+-year-old) ){{0,2}}(?:(?P<he>{_HE})|(?P<she>{_SHE})|(?P<they>{_THEY})"
    rf"|(?P<either>{_EITHER}))"
    rf"(?:,? (?P<name>[A-Z][a-z]+))?)\b(?!')"
)
_PRONOUN = re.compile(r"^(?P<pronoun>[Hh]e|[Ss]he|[Tt]hey|[Hh]is|[Hh]er|[Tt]heir) (?=[a-z])")
_NAME = re.compile(r"^[A-Z][a-z]+(?= [a-z])")
_NAMED = re.compile(
    r"^(?:Has an? (?P<kind>[a-z ]{2,30}) named (?P<name>[A-Z][a-z]+)"
    r"|(?P<kin>[A-Z][a-z-]+)(?:'s name is)? (?P<named>[A-Z][a-z]+))\b"
)
_OF = {"he": "he", "his": "he", "she": "she", "her": "she", "they": "they", "their": "they"}


@dataclass
class Mentioned:
    """The relatives that a speaker mentioned, by the pronoun that means them."""

    people: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def among(cls, candidates: Sequence[Candidate]) -> "Mentioned":
        """Returns the pets and relatives whose names the candidates give: "Max" is "dog Max"."""
        known = [found for candidate in candidates if (found := _NAMED.match(candidate.text))]
        pairs = [(found["kind"] or found["kin"].lower(), found["name"] or found["named"]) for found in known]
        return cls(names={name: f"{kind} {name}" for kind, name in pairs})

    def note(self, clause: str) -> None:
        """Remembers whom a clause names; one who may be "he" or "she" is both until another is named."""
        for found in _PERSON.finditer(clause):
            kinds = [name for name in ("he", "she", "they") if found[name]] or ["he", "she"]
            self.people |= dict.fromkeys(kinds, found["person"])
            if found["name"]:
                self.names[found["name"]] = found["person"]

    def named(self, clause: str) -> str:
        """Returns the clause with "My son Theo" in place of the "He" that it begins with, where that is known."""
        if (name := _NAME.match(clause)) and name[0] in self.names:
            return f"My {self.names[name[0]]}{clause[name.end() :]}"
        found = _PRONOUN.match(clause)
        if not found:
            return clause
        pronoun = found["pronoun"].lower()
        person = self.people.get(_OF[pronoun])
        if person is None:
            return clause
        owner = f"My {person}" if pronoun in ("he", "she", "they") else f"My {person}'s"
        return f"{owner} {clause[found.end() :]}"
