"""How a pattern is written: a regular expression with slots, and the fact that it yields."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from memories.extraction.offline.patterns.slots import SLOTS
from memories.extraction.offline.wording import capitalized, in_pronouns, key, third_person

_SLOT = re.compile(r"\{([a-z]\w*)\}")
_ADVERB = (
    r"(?: (?:now|currently|also|still|really|just|actually|absolutely|recently|mostly|mainly|only|already"
    r"|always|finally|both|all|personally|quite|very|so|totally|officially|usually|generally)){0,3}"
)


@dataclass(frozen=True)
class Match:
    """What a pattern found in a clause; `category` is None where it depends on the thing that is liked, owned, ..."""

    text: str
    attribute: str | None
    value: str | None
    category: str | None
    topic: str | None
    """The thing that is liked or owned."""
    start: int
    """Where in the clause it begins."""


@dataclass(frozen=True)
class Pattern:
    """One way of saying one kind of fact.

    `regex` is looked for anywhere in a clause whose contractions are written out ("I am", "do not"), without regard to
    case. `{adv}` in it stands for a few adverbs; any other `{slot}` is one of `slots.SLOTS`, and what it catches is
    cleaned by it, or the pattern does not match. `text`, `attribute` and `value` take the cleaned slots; a slot in
    `attribute` is made a key ("the spicy olives" becomes "spicy_olive"). Without `text` the clause itself is the text,
    in the third person. A slot of several things ("jazz, hiking and tea") yields one fact for each.
    `category` names one of the default categories; "" leaves the choice to the classifier.
    """

    regex: str
    text: str = ""
    attribute: str | None = None
    value: str | None = None
    category: str = ""

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """Returns the regular expression with its slots filled in; it runs in linear time."""
        expanded = self.regex.replace("{adv}", _ADVERB)
        return re.compile(_SLOT.sub(_group, rf"\b(?:{expanded})"), re.IGNORECASE)

    def matches(self, clause: str) -> Iterator[Match]:
        """Yields what the pattern says about the speaker of a clause."""
        for found in self.compiled.finditer(clause):
            yield from self._facts(clause, found)

    def corrected(self, clause: str, fragment: str) -> str | None:
        """Returns the clause with `fragment` in place of what the pattern takes from it, or None."""
        for found in self.compiled.finditer(clause):
            if found.lastgroup and any(self._facts(clause, found)):
                text = f"{clause[: found.start(found.lastgroup)]}{fragment}{clause[found.end(found.lastgroup) :]}"
                return text if any(self.matches(text)) else None
        return None

    def _worded(self, filled: dict[str, str]) -> str:
        return capitalized(in_pronouns(_WRONG_ARTICLE.sub(r"\1n ", self.text.format(**filled))))

    def _facts(self, clause: str, found: re.Match[str]) -> Iterator[Match]:
        for filled in _filled(found.groupdict()):
            text = self._worded(filled) if self.text else third_person(clause)
            keys = {slot: key(value, is_name=slot in _NAMES) for slot, value in filled.items()}
            attribute = self.attribute.format(**keys)[:100] if self.attribute else None
            value = None if self.value is None else self.value.format(**filled)
            yield Match(
                text,
                attribute,
                value,
                self.category or None,
                filled.get("things") or filled.get("thing"),
                found.start(),
            )


_NAMES = ("name", "nickname", "place", "organization")
_WRONG_ARTICLE = re.compile(r"\b([Aa]) (?=[aeio])")


def _group(slot: re.Match[str]) -> str:
    name = slot[1]
    return f"(?P<{name}>{SLOTS[name.rstrip('2')].regex})"


def _filled(caught: dict[str, str | None]) -> Iterator[dict[str, str]]:
    """Yields the cleaned slots, once for each of several things; nothing when a slot holds nothing of its kind."""
    cleaned = {name: SLOTS[name.rstrip("2")].clean(raw or "") for name, raw in caught.items()}
    if not all(cleaned.values()):
        return
    for number in range(max((len(values) for values in cleaned.values()), default=1)):
        yield {name: values[min(number, len(values) - 1)] for name, values in cleaned.items()}
