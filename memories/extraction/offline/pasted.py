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
_SHOWN = re.compile(
    r"^(?:[^\n]{0,200}[.!?,] )?(?:(?:can|could|would|will) you |please |pls |help me |i (?:need|want) (?:you )?to )?"
    r"(?:cut|make|trim|fix|judge|rate|roast|review|check|read|rewrite|rephrase|shorten|improve|polish|translate|edit"
    r"|correct|summari[sz]e|proofread|explain|reword|grade|turn|answer|reply to|respond to|what (?:do|does|would)"
    r"|does (?=(?:this|it) (?:read|sound|look)\b)|found|saw|got|came across|look at)\b"
    r"[^\n]{0,40}\b(?:this|these|it|following)\b(?! (?:problem|issue|setup|situation|question|stack|trip|weekend)s?\b)"
    r"(?:[^\n]{0,80}[.:?!]?[ \t]{0,5}(?:\n| -- )|[^\n.:?!]{0,80}: )",
    re.IGNORECASE,
)
"""A first line that asks to work on what it shows in the lines after it ("Make it sound less stiff:")."""
_PASSED_ON = re.compile(
    r"\b(?:wrote|writes|answered|replied|posted|texted|(?:sent|told|texted|wrote) (?:me|us)"
    r"|says|said|goes)\b(?: (?!I\b|that\b|my\b)[\w']+){0,5}:\s",
    re.IGNORECASE,
)
"""Another's words, after a colon."""
_LETTER = re.compile(
    r"(?<=\n)[ \t]{0,5}(?:dear\b|to whom it may concern|(?:hi|hello) (?:all|team|both)\b)", re.IGNORECASE
)
"""A letter that does not begin the message."""


def own_words(message: str) -> str:
    """Returns a message without what was pasted into it, as far as its form tells; a text to work on is its end."""
    text = message
    for marks in (_POINTED_AT, _ANNOUNCED, _SHOWN, _PASSED_ON, _LETTER):
        if found := marks.search(text):
            text = text[: found.end()]
    if found := _SPEAKERS.search(text):
        text = text[: found.start()]
    return _LOG.sub("\n", _CODE.sub("\n", text))
