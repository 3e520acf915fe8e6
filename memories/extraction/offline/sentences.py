"""From a message to plain English clauses, one statement each, with contractions written out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_SENTENCES = 300
"""Sentences read in one message; what follows them is not looked at."""
MAX_SENTENCE_CHARS = 400
"""A longer sentence is cut: it is pasted material more often than something said about oneself."""

_PASTED = re.compile(r"```[^`]*(?:```|$)|^[>|#].*$|https?://\S+|`[^`\n]*`", re.MULTILINE)
_END = re.compile(r"(?<=[.!?…])[ \t]+|\n+")
_ABBREVIATION = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|Prof|Jr|Sr|vs|etc|e\.g|i\.e|approx|No)\.$")
_QUOTED = re.compile(r'"([^"\n]{0,300})"')
_STRAIGHT = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"")
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f]")

_CONTRACTIONS = [
    (re.compile(pattern, re.IGNORECASE), text)
    for pattern, text in (
        (r"\bI'?m\b(?!')", "I am"),
        (r"\bI(?:'?ve| have)(?: got\b(?! (?:to|married|engaged|back|into)))?", "I have"),
        (r"\bI'll\b", "I will"),
        (r"\bI'd (?=been|had|never|already)", "I had "),
        (r"\bI'd\b", "I would"),
        (r"\b(we|they|you)'re\b", r"\1 are"),
        (r"\b(we|they|you)'ve\b", r"\1 have"),
        (r"\b(we|they|you|he|she|it)'ll\b", r"\1 will"),
        (r"\b(it|that|there|he|she|what|who|here)'s (?=been|got|made|had|become|gone)", r"\1 has "),
        (r"\b(it|that|there|he|she|what|where|who|name|here|favou?rite)'s\b", r"\1 is"),
        (r"\blet's\b", "let us"),
        (r"\bcan(?:'t|not|t)\b", "cannot"),
        (r"\bwon'?t\b", "will not"),
        (r"\b(do|does|did|is|was|are|were|has|have|had|would|could|should)n'?t\b", r"\1 not"),
        (r"\b(?:gonna|gunna)\b", "going to"),
        (r"\bwanna\b", "want to"),
        (r"\b(?:a|all[- ]time) favou?rite\b", "favorite"),
        (r"\bfavourite\b", "favorite"),
        (r"\bi\b", "I"),
    )
]
_WE = [
    (re.compile(pattern, re.IGNORECASE), text)
    for pattern, text in ((r"^we are\b", "I am"), (r"^we were\b", "I was"), (r"^we\b", "I"), (r"\bour\b", "my"))
]

_QUESTION_START = (
    r"(?:what|how|why|who|whose|which|any (?:ideas?|tips?|advice|suggestions?|recommendations?|thoughts)"
    r"|(?:when|where) (?:is|are|do|does|did|can|could|should|will|would|was|were)"
    r"|(?:can|could|do|does|did|is|are|am|was|were|should|would|will|shall|have|has|may) "
    r"(?:I|you|we|they|he|she|it|there|this|that|these|those|the|my|anyone|someone|any)|aren't|isn't)\b"
)
_LEAD = re.compile(
    r"^(?:(?:well|so|actually|also|and|but|oh|ah|hey|hi|hello|ok|okay|yes|yeah|yep|sure|no|nope|sorry|thanks"
    r"|thank you|hmm|haha"
    r"|lol|wow|great|cool|nice|by the way|btw|fyi|anyway|honestly|personally|basically|in fact|to be honest"
    r"|because|since|as"
    r"|though|although|still|unfortunately|sadly|luckily|for context|for reference|just so you know|you know"
    r"|given that|remember(?: that)?|note that|please note that|please remember(?: that)?|keep in mind that"
    r"|for the record"
    r"|as (?:I said|I mentioned|you know)|wait|look|listen|guess what|good news|update|I think|I guess|I mean"
    r"|today|right now"
    r"|a bit about me|about me|I forgot to mention(?: that)?|I should (?:mention|say)(?: that)?"
    r"|let me add that)\b[,:!.]? ?){1,4}",
    re.IGNORECASE,
)
_VERBS = (
    r"(?:am|was|have|had|live|work|love|like|hate|enjoy|prefer|study|teach|play|own|speak|drive|run|go|want|plan"
    r"|moved|"
    r"started (?!with)|joined|got|bought|eat|drink|do not|did not|cannot|used to|grew up|need|volunteer|collect"
    r"|travel|take)"
)
_JOINT = re.compile(
    rf"[;:] |,? (?:-|\u2013|\u2014) |,? (?:and|but|so|because|although|though|while|since|plus|whereas|then)(?: (?:that"
    rf"|also|now|then)\b)? "
    rf"(?=(?:I|my|our|we|he|she|they|it|{_VERBS}|{_QUESTION_START})\b)|, (?=(?:I|my|our|we|{_QUESTION_START})\b)",
    re.IGNORECASE,
)
_QUESTION = re.compile(rf"^{_QUESTION_START}", re.IGNORECASE)
_BARE_VERB = re.compile(rf"^{_VERBS}\b")
_ROTATED = re.compile(
    r"^((?:every|on|in|last|next|at|after|during|for|two|three|a few|this|these days|nowadays|yesterday"
    r"|tomorrow)\b[^,]{0,40}?),? (I .{3,})$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Clause:
    """One statement or question, contractions written out, without lead-in words ("Well, actually")."""

    text: str
    is_question: bool = False


def sentences(message: str) -> list[str]:
    """Returns the sentences of a message without code, quotations of text, links and emoji, at most `MAX_SENTENCES`."""
    text = message.translate(_STRAIGHT)
    text = _EMOJI.sub(" ", _QUOTED.sub(_unquoted, _PASTED.sub("\n", text)))
    found: list[str] = []
    for part in _END.split(text, maxsplit=MAX_SENTENCES):
        sentence = " ".join(part[:MAX_SENTENCE_CHARS].split()).lstrip("-*•0123456789.) ") if part else ""
        if found and _ABBREVIATION.search(found[-1]):
            found[-1] = f"{found[-1]} {sentence}"[:MAX_SENTENCE_CHARS]
        elif sentence:
            found.append(sentence)
    return found[:MAX_SENTENCES]


def clauses(sentence: str) -> list[Clause]:
    """Returns what a sentence states and asks, one verb's worth each: "I live in Leeds and work as a nurse" is two."""
    text = _written_out(sentence)
    parts = [part for part in _JOINT.split(text.rstrip(" .!?…")) if part and part.strip()]
    return list(_told_apart(parts, asks=text.endswith("?")))


def _told_apart(parts: list[str], *, asks: bool) -> Iterator[Clause]:
    """Marks the questions, and gives a verb without a subject the subject before it."""
    asked = False
    first_person = False
    for number, part in enumerate(parts):
        text = _LEAD.sub("", part.strip(" ,"), count=1) or part
        is_question = bool(_QUESTION.match(text)) or (asks and number == len(parts) - 1 and not asked)
        asked = asked or is_question
        if first_person and _BARE_VERB.match(text):
            text = f"I {text}"
        for we, single in _WE:
            text = we.sub(single, text)
        text = _ROTATED.sub(lambda found: f"{found[2]} {found[1][0].lower()}{found[1][1:]}", text)
        first_person = bool(re.search(r"\bI\b", text)) and not is_question
        yield Clause(text, is_question)


def _written_out(sentence: str) -> str:
    for pattern, text in _CONTRACTIONS:
        sentence = pattern.sub(text, sentence)
    return sentence


def _unquoted(quotation: re.Match[str]) -> str:
    """A short quotation is a name ("Spirited Away"); a longer one is somebody's words."""
    words = quotation[1].split()
    return quotation[1] if len(words) <= 4 and "I" not in words else " "
