"""Text to terms for the lexical leg: one analyzer for memories and queries, so that they meet (design.md §4).

Words are compared without case, compatibility forms, accents of Latin letters and endings. Scripts without spaces, and
Korean, become pairs of characters. A compound (an id, an e-mail address, a version, a date) is a term as a whole and in
its parts.

Which endings a word has depends on its language, and short texts do not tell theirs. So a word in Latin letters is
always a term without its English endings, and where the text may be in other languages it is also one, at the same
place, without theirs. A query asks for any of its words' stems: they meet when it and the memory have one language in
common that may be theirs, and never less often than if all were English. Stop words are English only: elsewhere it is
their frequency that makes them count for little.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain, islice

from memories.retrieval import languages
from memories.retrieval.stop_words import STOP_WORDS

VERSION = 2
"""Stored with the terms of a text. Whoever changes what a text's terms are raises it; then `manage.py reembed` makes
those of older versions anew."""

MAX_TERMS = 16_383
"""The highest position that a tsvector stores."""
MAX_TERM_LENGTH = 64
MAX_QUERY_TERMS = 32
MAX_PHRASES = 4
MAX_PHRASE_WORDS = 16
MAX_POSITIONS = 255
"""Postgres keeps fewer than 256 positions of one lexeme."""
MAX_TSVECTOR_BYTES = 900_000
"""Postgres refuses 1,048,576; the rest is left for its padding."""

languages_of_text = partial(languages.likely, least=0.15, most=3)
languages_of_query = partial(languages.likely, least=0.04, most=5)
"""Which languages a text may be in. A false one costs a text some terms more; a true one that is missing, its endings.
Measured: 44 of 49 short facts in 17 languages are found by one word with another ending, 43 if the languages were
known, and 7 by English endings alone. None of 4,312 chat turns in English gets another language, and 2 % of their short
sentences do."""

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
_QUOTE = r"[\"\u201c-\u201f\u00ab\u00bb\u300c-\u300f]"
QUOTED = re.compile(rf"{_QUOTE}((?:(?!{_QUOTE}).){{1,200}}){_QUOTE}", re.DOTALL)
"""A phrase between quotation marks of any language, some of which open in one and close in another."""
LATIN_ACCENTS = re.compile("(?<=[a-z])[\u0300-\u036f]+")
AFTER_LATIN = "\u0250"
"""Snowball's languages in Latin letters are written with those before it."""
PIECE = re.compile(r"\s+|\S{1,512}")
_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    r"\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"  # Korean
    r"\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Kana, Han
)
RUN = re.compile(f"(?P<unspaced>[{_UNSPACED}]+)|[^{_UNSPACED}]+")
"""What is written without spaces, or in Korean with endings that stick to the word, against the rest."""


@dataclass(frozen=True)
class QueryTerm:
    """What a query looks for: a word, by any of its stems, or a quoted phrase, whose words follow one another.

    `words` has the stems of each of them, the one by which `terms` knows it first.
    """

    words: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        """Returns it as people may read it."""
        return " ".join(stems[0] for stems in self.words)


def terms(text: str) -> list[str]:
    """Returns the terms of a text in its order, repeated ones too, at most 16,383 of at most 64 characters.

    Of several stems of one word, there is the first only. Stop words are left out, unless there is nothing else.
    """
    return [_stem(word) for word in _informative(_normalized(text))]


def spoken(text: str) -> list[str]:
    """Returns all words of a text in the form of terms, stop words too, in its order."""
    return [_stem(word) for word in _words(_normalized(text))]


def query_terms(text: str) -> list[QueryTerm]:
    """Returns the first 32 different terms of a query: its quoted phrases, at most 4, and then its words."""
    return list(_query_terms(text))


@lru_cache(maxsize=512)
def _query_terms(text: str) -> tuple[QueryTerm, ...]:
    normalized = _normalized(text)
    also = languages_of_query(normalized)
    words = (QueryTerm((_stems(word, also),)) for word in _informative(normalized))
    return tuple(islice(dict.fromkeys(chain(_phrases(text), words)), MAX_QUERY_TERMS))


def _phrases(text: str) -> Iterator[QueryTerm]:
    quoted = (_content(_normalized(match[1]))[:MAX_PHRASE_WORDS] for match in QUOTED.finditer(text))
    phrases = (QueryTerm(tuple((_stem(word),) for word in words)) for words in quoted if len(words) > 1)
    return islice(phrases, MAX_PHRASES)


def tsvector(text: str) -> str:
    """Returns the terms as a literal of Postgres' type `tsvector`, with positions; empty when there are none."""
    positions: dict[str, list[str]] = {}
    size = 0
    for position, term in _placed(_normalized(text)):
        size += 2 + (0 if term in positions else len(term.encode()) + 8)
        if size > MAX_TSVECTOR_BYTES:
            break
        places = positions.setdefault(term, [])
        if len(places) < MAX_POSITIONS:
            places.append(str(position))
    return " ".join(f"{_quoted(term)}:{','.join(places)}" for term, places in positions.items())


def _placed(normalized: str) -> Iterator[tuple[int, str]]:
    also = languages_of_text(normalized)
    for position, word in enumerate(_informative(normalized), start=1):
        for term in _stems(word, also):
            yield position, term


def tsquery_literal(term: QueryTerm) -> str:
    """Returns a term as an operand of a literal of Postgres' type `tsquery`."""
    return " <-> ".join(_any_of(stems) for stems in term.words)


def _any_of(stems: Sequence[str]) -> str:
    quoted = " | ".join(map(_quoted, stems))
    return f"({quoted})" if len(stems) > 1 else quoted


def _quoted(term: str) -> str:
    escaped = term.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _normalized(text: str) -> str:
    visible = text.translate(INVISIBLE).translate(SAME_CHARACTERS)
    # By pieces, because normalizing a run of combining marks takes time quadratic in its length.
    folded = visible.lower() if visible.isascii() else "".join(_folded(piece) for piece in PIECE.findall(visible))
    return THOUSANDS.sub("", folded)


def _folded(piece: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", piece).casefold())


def _informative(normalized: str) -> list[str]:
    """Its words without stop words, unless there is nothing else."""
    return _content(normalized) or _words(normalized)


def _content(normalized: str) -> list[str]:
    return [word for word in _words(normalized) if word not in STOP_WORDS]


def _words(normalized: str) -> list[str]:
    return [word[:MAX_TERM_LENGTH] for word in islice(_read(normalized), MAX_TERMS)]


def _read(normalized: str) -> Iterator[str]:
    for match in COMPOUND.finditer(normalized):
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


def _stem(word: str) -> str:
    """The stem that every text has of this word, whatever language it is in."""
    plain = word if word.isascii() else _without_accents(word)
    if plain.isascii():
        return languages.stem(plain, languages.ENGLISH) if plain.isalpha() else plain
    language = languages.of_alphabet(word[0])
    return languages.stem(word, language) if language else plain


def _stems(word: str, also: Sequence[str]) -> tuple[str, ...]:
    """That stem, and in these languages the others of a word in Latin letters, whose accents the languages know."""
    if not (also and word[0] < AFTER_LATIN and word.isalpha()):
        return (_stem(word),)
    others = (_without_accents(languages.stem(word, language)) for language in also)
    return tuple(dict.fromkeys([_stem(word), *others]))


def _without_accents(word: str) -> str:
    return unicodedata.normalize("NFKC", LATIN_ACCENTS.sub("", unicodedata.normalize("NFKD", word)))
