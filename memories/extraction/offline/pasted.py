"""What stands in a message and is nobody's statement in it: code, logs, quoted lines, a text to work on."""

import re

from memories.extraction.offline.vocabulary import words

_TEXT = "|".join(sorted(words("kinds_of_text")))
_CODE = re.compile(r"```[^`]*(?:```|$)|^[ \t]{0,20}[>|#].*$|https?://\S+|`[^`\n]*`", re.MULTILINE)
_LOG = re.compile(
    r"^[ \t]{0,20}(?:\[?\d{4}-\d\d-\d\d|\[?\d\d:\d\d:\d\d|at [\w.$]+\(|Traceback |File \"|(?:def|class|import"
    r"|from|return|print|const|let|var|public|private|function|SELECT|INSERT|UPDATE|FROM|CMD|RUN)\b[^\n]{0,80}[=({;:\"']|\w+(?:Error|Exception):"
    r"|[^\n]{0,80}[;{}][ \t]{0,5}$|[\w.]{1,40} ?= ?[\w\"'\[{(]).*$",
    re.MULTILINE,
)
_SPEAKERS = re.compile(r"^[A-Z][\w .]{0,30}: [^\n]*\n(?:[^\n]*\n){0,3}[A-Z][\w .]{0,30}: ", re.MULTILINE)
"""Two who speak in turn, each after a name and a colon."""
_POINTED_AT = re.compile(
    rf"^(?:[^\n]{{0,200}}[.!?] )?[^\n]{{0,160}}\b(?:this|these|following|here(?: is| are|'s|s)?|below"
    rf"|my|his|her|their|the|an?)\b[^\n.!?]{{0,60}}\b(?:{_TEXT})\b[^\n]{{0,80}}\n",
    re.IGNORECASE | re.MULTILINE,
)
"""A line that names a text, with the text in the lines after it."""
_ANNOUNCED = re.compile(
    rf"\b(?:(?:this|these|following|here(?: is| are|'s|s)|below)\b[^\n.!?:]{{0,60}}\b(?:{_TEXT})\b[^\n.!?:]{{0,60}}"
    r"|here (?:it|they) (?:is|are|goes?)|(?:what|does|is|fix|with|about|like|get|got) this):\s",
    re.IGNORECASE,
)


def own_words(message: str) -> str:
    """Returns a message without what was pasted into it, as far as its form tells; a text to work on is its end."""
    text = message
    for marks in (_POINTED_AT, _ANNOUNCED):
        if found := marks.search(text):
            text = text[: found.end()]
    if found := _SPEAKERS.search(text):
        text = text[: found.start()]
    return _LOG.sub("\n", _CODE.sub("\n", text))
