"""Phrases of vocabulary files: sequences of words with gaps, looked for in a text's words.

A phrase is written as steps; a step is one of several words (`live|reside`), `[name]` stands for a list of words, and
`..n` before a step lets up to n other words stand between. `^` lets the phrase begin only where a clause does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

_SENTENCE_ENDS = frozenset(".!?\n")
_JOINING = frozenset({"and", "then", "also", "please", "so", "but"})
"""A clause begins after these, too."""


@dataclass(frozen=True)
class _Step:
    words: frozenset[str]
    gap: int = 0


@dataclass(frozen=True)
class Phrase:
    """A sequence of steps; `is_start` asks for the beginning of a clause."""

    steps: tuple[_Step, ...]
    is_start: bool

    @property
    def words(self) -> frozenset[str]:
        """Returns all words that it may be made of."""
        return frozenset[str]().union(*(step.words for step in self.steps))

    def stands_at(self, place: int, tokens: Sequence[str]) -> bool:
        """Tells whether the phrase's first step, which is the token at `place`, is followed by the others."""
        if self.is_start and not _begins_clause(place, tokens):
            return False
        for step in self.steps[1:]:
            following = tokens[place + 1 : place + 2 + step.gap]
            further = next((number for number, token in enumerate(following) if token in step.words), None)
            if further is None or not _SENTENCE_ENDS.isdisjoint(following[:further]):
                return False
            place += 1 + further
        return True


def phrase(written: str, lists: Mapping[str, str], form: Callable[[str], str] = str) -> Phrase:
    """Returns the phrase; `form` gives its words the form that the tokens of texts have."""
    return Phrase(tuple(_steps(written.removeprefix("^ "), lists, form)), written.startswith("^ "))


def by_first_word(phrases: Iterable[Phrase]) -> dict[str, list[Phrase]]:
    """Returns the phrases by each word that they may begin with."""
    found: dict[str, list[Phrase]] = {}
    for each in phrases:
        for word in each.steps[0].words:
            found.setdefault(word, []).append(each)
    return found


def standing(tokens: Sequence[str], by_first: Mapping[str, Sequence[Phrase]]) -> Iterator[Phrase]:
    """Yields those of the phrases, which `by_first_word` returned, that stand in the text with these tokens."""
    for place, token in enumerate(tokens):
        for each in by_first.get(token, ()):
            if each.stands_at(place, tokens):
                yield each


def _begins_clause(place: int, tokens: Sequence[str]) -> bool:
    return place == 0 or not tokens[place - 1][0].isalnum() or tokens[place - 1] in _JOINING


def _steps(written: str, lists: Mapping[str, str], form: Callable[[str], str]) -> Iterator[_Step]:
    gap = 0
    for part in written.split():
        if part.startswith(".."):
            gap = int(part[2:])
            continue
        named = (lists[word[1:-1]].split() if word.startswith("[") else [word] for word in part.split("|"))
        yield _Step(frozenset(form(word) for words in named for word in words), gap)
        gap = 0
