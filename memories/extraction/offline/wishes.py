"""What a project asks for by `includes` and `excludes`, as far as words can tell."""

import re
from functools import lru_cache

import snowballstemmer

from memories.extraction.base import Fact
from memories.extraction.offline.vocabulary import words

_GENERAL = words("general_wishes")


def is_wanted(fact: Fact, *, includes: str, excludes: str) -> bool:
    """Tells whether a fact passes: it shares a word with `includes`, where there are any, and none with `excludes`.

    Words are compared by their stems, with the fact's text, attribute and category names.
    A wish that names nothing ("personal information only") is no filter.
    """
    said = _stems(" ".join((fact.text, fact.attribute or "", *fact.categories)))
    wanted, unwanted = _stems(includes), _stems(excludes)
    return not (said & unwanted) and (not wanted or bool(said & wanted))


@lru_cache(maxsize=256)
def _stems(text: str) -> frozenset[str]:
    subjects = [word for word in re.findall(r"[^\W_]+", text.lower()) if word not in _GENERAL]
    return frozenset(snowballstemmer.stemmer("english").stemWords(subjects))
