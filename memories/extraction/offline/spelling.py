"""English as people type it, written out: contractions, and the short forms of chats."""

import re

from memories.extraction.offline.vocabulary import pairs

_SHORT_FORMS = pairs("short_forms")
_SHORT = re.compile(rf"(?<![\w'./&+-])({'|'.join(_SHORT_FORMS)})(?![\w'&+-]|\.\w| ?/)|\b[Ww]/ ?")
_STATES = r"(?:an?|the|my|not|very|really|allergic|called|named|from|in|at|turning|moving|getting|having|\d{1,3})"
_CONTRACTIONS = [
    (re.compile(pattern, re.IGNORECASE), text)
    for pattern, text in (
        (r"\bI'?m\b(?!')", "I am"),
        (r"\bive\b", "I have"),
        (r"\bI(?:'?ve| have)(?: got\b(?! (?:to|married|engaged|back|into)))?", "I have"),
        (r"\bI'll\b", "I will"),
        (r"\bI'd (?=been|had|never|already)", "I had "),
        (r"\bI'd\b", "I would"),
        (r"\b(we)'re\b|\b(they|you)'?re\b", r"\1\2 are"),
        (r"\b(we|they|you)'?ve\b", r"\1 have"),
        (r"\b(we|they|you|he|she|it)'ll\b", r"\1 will"),
        (r"\bwe'd\b", "we would"),
        (r"\b(it|that|there|he|she|what|who|here)'s (?=been|got|made|had|become|gone)", r"\1 has "),
        (r"\b(it|that|there|he|she|what|where|who|name|here|favou?rite)'s\b", r"\1 is"),
        (rf"\b(my|our) (\w{{2,20}})'s (?={_STATES}\b)", r"\1 \2 is "),
        (r"^were (?=(?:an?|the|on|in|from|expecting|getting|going|moving|engaged|married)\b)", "we are "),
        (r"\blet'?s\b", "let us"),
        (r"\bcan(?:'t|not|t)\b", "cannot"),
        (r"\bwon'?t\b", "will not"),
        (r"\b(do|does|did|is|was|are|were|has|have|had|would|could|should)n'?t\b", r"\1 not"),
        (
            r"\b(s?he|that|there|what|who|where)s (?=an?\b|the\b|not\b|my\b|\w+ing\b|so\b|in\b|on\b|from\b|\d)",
            r"\1 is ",
        ),
        (r"\bits (?=(?:an?|the|not|so|my|in|on|at|for|been|from|\w+ now)\b)", "it is "),
        (r"\b(?:a|all[- ]time) favou?rite\b", "favorite"),
        (r"\bfavourite\b", "favorite"),
        (r"\bi\b", "I"),
    )
]


def written_out(sentence: str) -> str:
    """Returns a sentence with "I'm" as "I am", "u" as "you", "i" as "I"."""
    sentence = _SHORT.sub(lambda found: _SHORT_FORMS.get(found[0], "with "), sentence)
    for pattern, text in _CONTRACTIONS:
        sentence = pattern.sub(text, sentence)
    return sentence
