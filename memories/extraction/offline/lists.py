"""Lists of things: "I have been to Peru, Chile and Bolivia" says one thing of each."""

import re
from itertools import pairwise, takewhile

from memories.extraction.offline.vocabulary import words

_SEPARATOR = re.compile(r",? (?:and|or|plus|&|as well as) |, ")
_DETERMINER = r"(?:an?|no|the|my|some|two|three|four|five|six|seven|eight|nine|ten|\d+)"
_HEAD = re.compile(
    rf"^(?P<head>.*\b(?:is|are|was|were|include|includes)|.*:"
    r"|.*\b(?:want|like|love|hope|plan|planning|going|need|learn|try|trying|used) to \w+"
    rf"|(?:(?!\b{_DETERMINER}\b).)* (?:to|in|at|for|with|from|on|of|as)|.*?(?= {_DETERMINER} )"
    r"|(?:I|my \w+)(?: (?:\w+ly|do|does|did|not|cannot|can|have|has|am|never|only|also|always|mostly|still|just))*"
    r" \w+) (?P<first>\S.*)$",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"\b(?:I|my|he|she|it|they|we|you|which|who|that|is|are|was|were|has|have|had|do|does|did|not|so|because|but"
    r"|will|would|can|cannot|could|then|please|just|mostly|usually|another|with|from|for)\b",
    re.IGNORECASE,
)
_REST = re.compile(r",? (?:but|so|because|since|though|except) .*$", re.IGNORECASE)
_JOINED = re.compile(r" (?:and|or|plus|&) ", re.IGNORECASE)
_DETERMINED = re.compile(rf"^{_DETERMINER} ", re.IGNORECASE)
_PAST = words("irregular_past")
_NO_NAMES = words("not_topics")
_MAX_WORDS = 5


def told_apart(clause: str) -> list[str]:
    """Returns a statement for each thing in a list that a clause ends with; the clause alone where there is none.

    Two things are a list where both have an article or a name of their own; three are one anyway.
    """
    parts = [part.strip() for part in _SEPARATOR.split(_REST.sub("", clause))]
    found = _HEAD.match(parts[0]) if len(parts) > 1 else None
    if not found:
        return [clause]
    items = list(takewhile(_is_thing, [found["first"], *parts[1:]]))
    is_joined = _JOINED.search(clause) or found["head"] == "I am"
    is_list = is_joined and (len(items) > 2 or (len(items) == 2 and _are_alike(items)))
    return [f"{found['head']} {item}" for item in items] if is_list else [clause]


def _is_thing(item: str) -> bool:
    said = item.split()
    return 0 < len(said) <= _MAX_WORDS and said[0] not in _PAST and not _CLAUSE.search(item)


def _are_alike(items: list[str]) -> bool:
    return all(
        (_DETERMINED.match(one) and _DETERMINED.match(other)) or (_is_name(one) and _is_name(other))
        for one, other in pairwise(items)
    )


def _is_name(item: str) -> bool:
    return item[0].isupper() and item.lower().removesuffix("s") not in _NO_NAMES
