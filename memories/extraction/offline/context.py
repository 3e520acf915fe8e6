"""Signs around a clause of whether it is the speaker's own and meant: the form of its message, its neighbours."""

import re
from collections.abc import Sequence

from memories.extraction.offline.irony import is_laughed_at
from memories.extraction.offline.screening import is_hypothetical
from memories.extraction.offline.vocabulary import words

_TEXT = "|".join(sorted(words("kinds_of_text")))
_OF_MESSAGE = {
    name: re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for name, pattern in {
        "with a text": rf"\b(?:this|these|the|an?|my|his|her|their|following) (?:[\w-]+ ){{0,2}}(?:{_TEXT})\b",
        "with work on a text": r"\b(?:rewrite|rephrase|paraphrase|proofread|summari[sz]e|translate|shorten|rate|edit"
        r"|polish|grammar|typos?|tone|wording|wrote|writes|written)\b",
        "with fiction": r"\b(?:stor(?:y|ies)|character|novel|chapter|scene|poem|lyrics|song|role[ -]?play|pretend"
        r"|imagine|game|exam|exercise|example|quiz|riddle|scenario|experiment|hypothetical\w*|theory|lottery)\b",
        "with a quotation": r"\"[^\"\n]{12,300}\"|(?:^|\s)'[^'\n]{12,300}'(?=\W|$)",
        "with another's word": r"\b(?:he|she|they|\w{1,20}er|guy|friend|colleague|boss|ex)"
        r" (?:said|says|wrote|writes|told|texted|posted|sent|goes|answered|replied)\b",
        "with a greeting inside": r"^(?:dear|to whom|kind regards|best regards|sincerely|yours)\b",
        "with lines": r"\n[^\n]+\n",
        "with a gap": r"\n[ \t]*\n",
        "with others": r"\b(?:he|she|his|her|they|their|them|him)\b",
        "with irony": r"\b(?:obviously|clearly|apparently|sure,|of course|seriously|kidding|joking|certified"
        r"|official(?:ly)?|for a living|superpower|lucky)\b|!{2,}|\*[^*\n]{1,60}\*",
    }.items()
}


READ_CHARS = 2_000
"""Characters of a message that tell its form."""


def signs_of_message(content: str, found: Sequence[str]) -> frozenset[str]:
    """Returns what a clause cannot tell of its message: its length and form, what it asks for, whether it laughs."""
    content = content[:READ_CHARS]
    signs = {
        "one sentence": len(found) == 1,
        "many sentences": len(found) > 4,
        "long message": len(content) > 300,
        "with question": any(sentence.endswith("?") for sentence in found),
        "with laughter": any(is_laughed_at(sentence) for sentence in found),
        "with hypothesis": any(is_hypothetical(sentence) for sentence in found),
        "in lower case": content == content.lower(),
    }
    own = {name for name, is_so in signs.items() if is_so}
    return frozenset(own | {name for name, pattern in _OF_MESSAGE.items() if pattern.search(content)})


def signs_of_place(found: Sequence[str], number: int) -> frozenset[str]:
    """Returns where in its message a sentence stands, and what its neighbours are."""
    before, after = found[max(0, number - 3) : number], found[number + 1 : number + 2]
    signs = {
        "first": not before,
        "last": not after,
        "after question": bool(before) and before[-1].endswith("?"),
        "before question": bool(after) and after[0].endswith("?"),
        "after colon": any(sentence.endswith(":") for sentence in before),
        "beside hypothesis": any(is_hypothetical(sentence) for sentence in (*before[-1:], *after)),
        "after hypothesis": any(is_hypothetical(sentence) for sentence in before),
        "beside laughter": any(is_laughed_at(sentence) for sentence in (*before[-1:], *after)),
    }
    return frozenset(name for name, is_so in signs.items() if is_so)
