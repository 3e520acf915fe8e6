"""Which texts say the same in the same words, and which say something else whatever anybody thinks.

Words are not reduced to their stems: "lives" and "lived", "a cat" and "cats" are different things to remember. What is
put aside only changes how a text looks: white space, the sign at its end, a capital at its beginning, contractions,
small numbers in words, and "The user" before a verb. Order, case of names, questions and quotation marks count.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from memories.dates import MONTHS, NUMBERS, WEEKDAYS
from memories.retrieval.analyzer import INVISIBLE, SAME_CHARACTERS

_QUOTES = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"'))
_IRREGULAR = {"can't": "can not", "cannot": "can not", "won't": "will not", "shan't": "shall not"}
_ENDINGS = {"n't": " not", "'m": " am", "'re": " are", "'ve": " have", "'ll": " will"}
"""Those of contractions that have one meaning: `'s` and `'d` have two."""
_DIGITS = {word: str(number) for word, number in NUMBERS.items() if word not in {"a", "an", "one", "couple", "few"}}
_AT_THE_END = ".!\u2026 "
_BEFORE_LAST = re.compile(r",(?= (?:and|or) )")
"""The comma that some put before the last item of a list."""

_VERBS = (
    "is was has had does did can will would likes loves hates prefers enjoys wants needs lives lived works worked"
    " owns owned plays played speaks drinks eats reads uses knows studies studied plans hopes thinks feels"
)
_USER = re.compile(rf"^(?:the )?user (?=(?:{'|'.join(_VERBS.split())}) )")

_DENYING = (
    "not no never none nothing nobody nowhere neither nor without hardly barely except unless longer stopped quit"
    " refuses avoids former formerly"
)
_OF_TIME = (
    "was were had did used will going would shall before after until since ago last next yesterday today tomorrow"
)
_CERTAIN = frozenset([*_DENYING.split(), *_OF_TIME.split(), "one", *(name.lower() for name in (*MONTHS, *WEEKDAYS))])
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def wording(text: str, *, of_user: bool = True) -> str:
    """Returns what those texts have in common that say the same in the same words; "" where a text says nothing.

    What is said `of_user` may name the user or not; of an agent, it is somebody else.
    """
    words = _BEFORE_LAST.sub("", " ".join(_visible(text).split()).rstrip(_AT_THE_END))
    spelt = " ".join(_DIGITS.get(word, word) for word in _spelt_out(_uncapitalized(words)))
    return _USER.sub("", spelt) if of_user else spelt


def tell_apart(first: str, second: str, *, of_user: bool = True) -> bool:
    """Tells whether texts differ in what no judgement may overlook: numbers, names, dates, denial, or tense.

    Of an agent, that is also whether they name the user.
    """
    name_user = {"user" in _words_of(text) for text in (first, second)}
    return (
        (not of_user and len(name_user) == 2)
        or _certain(first) != _certain(second)
        or not _names(first) <= _words_of(second)
        or not _names(second) <= _words_of(first)
    )


def _visible(text: str) -> str:
    return unicodedata.normalize("NFC", text).translate(INVISIBLE).translate(SAME_CHARACTERS).translate(_QUOTES)


def _uncapitalized(words: str) -> str:
    first, _, rest = words.partition(" ")
    # "IBM" at the beginning is a name too.
    return f"{first.lower()} {rest}".strip() if first[1:] == first[1:].lower() else words


def _spelt_out(words: str) -> Iterator[str]:
    for word in words.split():
        ending = next((each for each in _ENDINGS if word.endswith(each) and word != each), "")
        yield from (_IRREGULAR.get(word) or word.removesuffix(ending) + _ENDINGS.get(ending, "")).split()


def _certain(text: str) -> Counter[str]:
    """Its numbers, its denials, and what says when, each as often as it is there."""
    words = (word.strip('.,;:!?"()[]') for word in wording(text).lower().split())
    return Counter(word for word in words if word in _CERTAIN or word.endswith("ed") or not word.isalpha())


def _names(text: str) -> set[str]:
    """Its capitalized words, and the first one only where it is a subject: it may be capitalized for its place."""
    first, *others = [*_WORD.findall(_USER.sub("", _uncapitalized(_visible(text)))), ""]
    is_subject = others[:1] != [] and (others[0] in _VERBS.split() or first.endswith("'s"))
    return {_plain(word) for word in others if word[:1].isupper()} | ({_plain(first)} if is_subject else set())


def _words_of(text: str) -> set[str]:
    return {_plain(word) for word in _WORD.findall(_visible(text))}


def _plain(word: str) -> str:
    return word.lower().removesuffix("'s")
