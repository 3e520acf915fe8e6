"""Text to terms for the lexical leg: one analyzer for memories and queries, so that they meet (design.md §4).

Words are compared without case, compatibility forms, accents of Latin letters and English endings. Scripts without
spaces, and Korean, become pairs of characters. A compound (an id, an e-mail address, a version, a date) is a term as a
whole and in its parts. Endings of other languages stay, and so do accents of other scripts.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

import snowballstemmer

from memories.retrieval.stop_words import STOP_WORDS

MAX_TERMS = 16_383
"""The highest position that a tsvector stores."""
MAX_TERM_LENGTH = 64
MAX_QUERY_TERMS = 32
MAX_POSITIONS = 255
"""Postgres keeps fewer than 256 positions of one lexeme."""
MAX_TSVECTOR_BYTES = 900_000
"""Postgres refuses 1,048,576; the rest is left for its padding."""

SAME_CHARACTERS = str.maketrans(
    {**dict.fromkeys("\u2018\u2019\u02bc\u00b4`", "'"), **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-")}
)
"""The apostrophes and the hyphens that people and their editors write."""
_VARIANTS = "".join(chr(code) for code in range(0xFE00, 0xFE10))
INVISIBLE = str.maketrans(dict.fromkeys("\u00ad\u0640\u200c\u200d\u200e\u200f\u2060\ufeff" + _VARIANTS))
"""Soft hyphens, joiners, direction marks, elongations and variants: they change how a word looks, not what it is."""

# `\w` has no vowel signs, without which the words of Indic scripts fall apart.
_MARKS = "".join(chr(code) for code in range(0x300, 0x1F000) if unicodedata.category(chr(code)) in {"Mn", "Mc"})
_WORD = rf"\w[\w{_MARKS}]*"
COMPOUND = re.compile(rf"{_WORD}(?:['.@+&/:-]{_WORD})*(?:(?:\+\+|#)(?!\w))?")
"""Words joined by single characters, perhaps with the end of C++ or C#. No two ways to match: the time is linear."""
JOINER = re.compile(r"[.@&/:_-]|\+(?=\w)")
ENDING = re.compile("'(?:s|m|re|ve|ll|d)$")
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
LATIN_ACCENTS = re.compile("(?<=[a-z])[\u0300-\u036f]+")
PIECE = re.compile(r"\s+|\S{1,512}")
_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    r"\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"  # Korean
    r"\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Kana, Han
)
RUN = re.compile(f"(?P<unspaced>[{_UNSPACED}]+)|[^{_UNSPACED}]+")
"""What is written without spaces, or in Korean with endings that stick to the word, against the rest."""


def terms(text: str) -> list[str]:
    """Returns the terms of a text in its order, repeated ones too, at most 16,383 of at most 64 characters.

    Stop words are left out, unless there is nothing else.
    """
    words = list(islice(_words(_normalized(text)), MAX_TERMS))
    informative = [word for word in words if word not in STOP_WORDS]
    return [_stem(word[:MAX_TERM_LENGTH]) for word in informative or words]


def spoken(text: str) -> list[str]:
    """Returns all words of a text in the form of terms, stop words too, in its order."""
    return [_stem(word[:MAX_TERM_LENGTH]) for word in islice(_words(_normalized(text)), MAX_TERMS)]


def query_terms(text: str) -> list[str]:
    """Returns the first 32 different terms of a query."""
    return list(islice(dict.fromkeys(terms(text)), MAX_QUERY_TERMS))


def tsvector(text: str) -> str:
    """Returns the terms as a literal of Postgres' type `tsvector`, with positions; empty when there are none."""
    positions: dict[str, list[str]] = {}
    size = 0
    for position, term in enumerate(terms(text), start=1):
        size += 2 + (0 if term in positions else len(term.encode()) + 8)
        if size > MAX_TSVECTOR_BYTES:
            break
        places = positions.setdefault(term, [])
        if len(places) < MAX_POSITIONS:
            places.append(str(position))
    return " ".join(f"{_quoted(term)}:{','.join(places)}" for term, places in positions.items())


def tsquery_literal(term: str) -> str:
    """Returns a term as an operand of a literal of Postgres' type `tsquery`."""
    return _quoted(term)


def _quoted(term: str) -> str:
    escaped = term.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _normalized(text: str) -> str:
    # By pieces, because normalizing a run of combining marks takes time quadratic in its length.
    visible = text.translate(INVISIBLE).translate(SAME_CHARACTERS)
    folded = "".join(_folded(piece) for piece in PIECE.findall(visible))
    return THOUSANDS.sub("", folded)


def _folded(piece: str) -> str:
    decomposed = unicodedata.normalize("NFKD", piece).casefold()
    return unicodedata.normalize("NFKC", LATIN_ACCENTS.sub("", decomposed))


def _words(text: str) -> Iterator[str]:
    for match in COMPOUND.finditer(text):
        compound = match[0] if match[0] in STOP_WORDS else ENDING.sub("", match[0])
        parts = [part for part in JOINER.split(compound) if part]
        if len(parts) > 1:
            if len(compound) <= MAX_TERM_LENGTH:
                yield compound
            parts = [part for part in parts if not _says_nothing_alone(part)]
        for part in parts:
            yield from _words_of_part(part)


def _says_nothing_alone(part: str) -> bool:
    """The 1 and the 11 of 3.11.1, and the T of AT&T, would only match by chance."""
    return len(part) < (3 if part.isdigit() else 2)


def _words_of_part(part: str) -> Iterator[str]:
    for run in RUN.finditer(part):
        if run["unspaced"]:
            yield from _pairs(run[0])
        elif "'" in run[0] and run[0] not in STOP_WORDS:
            # O'Brien is found as OBrien and as Brien; an apostrophe between characters without spaces is nothing.
            if joined := run[0].replace("'", ""):
                yield joined
            yield from (piece for piece in run[0].split("'") if len(piece) > 1)
        else:
            yield run[0]


def _pairs(run: str) -> Iterator[str]:
    return (run[start : start + 2] for start in range(max(1, len(run) - 1)))


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    if not (word.isascii() and word.isalpha()):
        return word
    # A stemmer of its own for each new word, because one keeps the word that it works on, and threads share them.
    stem: str = snowballstemmer.stemmer("english").stemWord(word)
    return stem
