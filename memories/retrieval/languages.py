"""The languages of texts, and the stems of their words (Snowball).

A text in Latin letters is asked for its likely languages (py3langid); any other alphabet stands for the language
that is written in it most.
"""

import unicodedata
from functools import cache, lru_cache

import numpy as np
import snowballstemmer
from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier
from py3langid.modelio import load_model

ENGLISH = "english"
IN_LATIN_LETTERS = {
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "en": ENGLISH,
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hu": "hungarian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "sv": "swedish",
    "tr": "turkish",
}
"""What py3langid tells apart and Snowball knows: the code of the one, and the name of the other."""
OF_ALPHABETS = {
    "ARABIC": "arabic",
    "ARMENIAN": "armenian",
    "CYRILLIC": "russian",
    "DEVANAGARI": "hindi",
    "GREEK": "greek",
    "TAMIL": "tamil",
}
"""By the first word of the Unicode names of their letters."""

PRIORS = {"en": 3.0, **dict.fromkeys(["ca", "eo", "et", "eu", "ga", "lt"], 0.1)}
"""How much likelier than py3langid believes a language is before anything is read: it takes all to be equally common.
A sentence outweighs them; a word alone, such as the German "Katzen", else is Basque."""

READ_CHARACTERS = 500
"""More of a text tells its language no better."""


def likely(text: str, *, least: float, most: int) -> list[str]:
    """Returns the languages other than English that a text in Latin letters may be in, likeliest first.

    Each has a probability of at least `least`, and there are at most `most`; none where the text tells nothing. `text`
    is in lower case and normalized.
    """
    shares = {code: share * PRIORS.get(code, 1) for code, share in _identifier().rank(text[:READ_CHARACTERS])}
    whole = sum(shares.values())
    ranked = sorted(shares, key=lambda code: -shares[code])
    return [IN_LATIN_LETTERS[code] for code in ranked if code != "en" and shares[code] >= least * whole][:most]


def of_alphabet(letter: str) -> str | None:
    """Returns the language that stands for the alphabet of a letter, if one does; none does for the Latin one."""
    return OF_ALPHABETS.get(unicodedata.name(letter, "").partition(" ")[0])


@lru_cache(maxsize=50_000)
def stem(word: str, language: str) -> str:
    """Returns the stem of a word in lower case, as Snowball's algorithm for the language gives it."""
    # A stemmer of its own for each new word, because one keeps the word that it works on, and threads share them.
    found: str = snowballstemmer.stemmer(language).stemWord(word)
    return found


def warm_up() -> None:
    """Loads the identifier, which takes half a second and 50 MB, so that no request waits for that."""
    _identifier()


@cache
def _identifier() -> LanguageIdentifier:
    # Made of its parts: cut down to these languages by `set_languages`, it still keeps all 139, 35 MB more.
    by_feature, priors, codes, moves, rows, features = load_model(MODEL_DIR / MODEL_FILE)
    kept = [number for number, code in enumerate(codes) if code in IN_LATIN_LETTERS]
    return LanguageIdentifier(
        np.ascontiguousarray(by_feature[:, kept]),
        priors[kept],
        [codes[number] for number in kept],
        moves,
        features,
        norm_probs=True,
        tk_row=rows,
    )
