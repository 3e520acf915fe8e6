"""Requests to forget ("please forget my food preferences"), and which candidates they name."""

import re
from collections.abc import Callable, Iterator, Sequence

import snowballstemmer

from memories.extraction.base import Candidate, ExtractionInput
from memories.extraction.offline.sentences import sentences
from memories.extraction.offline.vocabulary import words
from memories.models import Trust

_REQUEST = re.compile(
    r"^(?:please |can you |could you |would you |i want you to |i would like you to |i'd like you to |you can "
    r"|ok(?:ay)?,? |and "
    r"|also |now |just ){0,4}(?:forget|delete|erase|remove|unlearn|(?:do not|don't|stop) rememb(?:er|ering))"
    r"(?: from your memory)? (?P<what>.{2,200}?)[.! ]*$",
    re.IGNORECASE,
)
_STATEMENT = re.compile(r"^(?:about )?(?:the fact )?(?:that )?(?:I|my|we)\b", re.IGNORECASE)
_TASTE = re.compile(r"\b(?:preferences?|tastes?|likes and dislikes|favou?rites?|likes|dislikes)\b", re.IGNORECASE)
_NEGATION = re.compile(r"\b(?:not|no|never|cannot|n't|dislikes?)\b|n't\b", re.IGNORECASE)
_UNNAMED = words("form_words") | words("general_wishes") | words("forget_words")
_ALSO = {
    "job": "work",
    "employ": "work",
    "career": "work",
    "address": "locat",
    "home": "locat",
    "citi": "locat",
    "pet": "pet",
}


def named_to_forget(given: ExtractionInput, category: Callable[[Candidate], str | None]) -> tuple[int, ...]:
    """Returns the numbers of the candidates that a user asks to have forgotten, where the project allows that.

    A request means the candidates that hold all the words of what it names in their text, attribute or category; one
    that names nothing ("forget everything") means none.
    """
    if not given.instructions.may_forget:
        return ()
    asked = list(_asked(given))
    meant = (each.number for each in given.candidates if any(_means(what, each, category) for what in asked))
    return tuple(meant)


def _asked(given: ExtractionInput) -> Iterator[str]:
    for message in given.messages:
        if message.role in given.speakers and message.vouched_by == Trust.USER:
            found = (_REQUEST.match(sentence) for sentence in sentences(message.content))
            yield from (each["what"] for each in found if each)


def _means(what: str, candidate: Candidate, category: Callable[[Candidate], str | None]) -> bool:
    attribute = (candidate.attribute or "").replace("_", " ").replace(".", " ")
    is_statement = _STATEMENT.match(what) and what[:3].lower() != "my "
    if is_statement and bool(_NEGATION.search(what)) != bool(_NEGATION.search(candidate.text)):
        return False
    is_taste = (candidate.attribute or "").split(".")[0] in ("preference", "favorite")
    if _TASTE.search(what) and not is_taste:
        return False
    named = _stems(_TASTE.sub(" ", what).split())
    if not named:
        return bool(_TASTE.search(what)) and is_taste
    held = _stems(f"{candidate.text} {attribute}".split())
    left = {stem for stem in named if stem not in held and _ALSO.get(stem) not in held}
    return not left or left <= _stems((category(candidate) or "").replace("_", " ").split())


def _stems(said: Sequence[str]) -> frozenset[str]:
    plain = (word for each in said for word in re.findall(r"[^\W_]+", each.casefold()))
    return frozenset(snowballstemmer.stemmer("english").stemWords([word for word in plain if word not in _UNNAMED]))
