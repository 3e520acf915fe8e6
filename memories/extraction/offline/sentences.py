"""From a message to plain English clauses, one statement each, with contractions written out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from memories.extraction.offline.pasted import own_words
from memories.extraction.offline.spelling import written_out
from memories.extraction.offline.vocabulary import words

MAX_SENTENCES = 300
"""Sentences read in one message; what follows them is not looked at."""
MAX_SENTENCE_CHARS = 400
"""A longer sentence is cut: it is pasted material more often than something said about oneself."""

_END = re.compile(r"(?<=[.!?…])[ \t]+|\n+")
_POINT = "\u2024"
"""Stands for a full stop that ends no sentence ("St. Mary's", "3.12"), until the fact is written."""
_ABBREVIATED = re.compile(
    r"\b(?:(?i:Mr|Mrs|Ms|Dr|St|Mt|Ft|Prof|Jr|Sr|vs|etc|e\.g|i\.e|approx)|[A-HJ-Z]|No(?=\.[ \t]{0,3}\d))\.(?=[ \t,])"
)
_INNER_POINT = re.compile(r"(?<=\w)\.(?=\w)|(?<=\s)\.(?=\w)")
_QUOTED = re.compile(r'"([^"\n]{0,300})"' + r"|(?<=\s)'((?:[^'\n]|'(?=\w)){12,300})'(?=[\s.,;:!?]|$)")
_STRAIGHT = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"")
_LAUGH = re.compile("[\U0001f602\U0001f923\U0001f643\U0001f605\U0001f61c\U0001f92a]")
_ITEM = re.compile(r"^(?:[-*\u2022]+ ?|\d{1,2}[.)] )+")
"""The mark of an item of a list."""
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f]")

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
    r"|because|since|as(?! an? )"
    r"|though|although|still|unfortunately|sadly|luckily|for context|for reference|just so you know|you know"
    r"|given that|remember(?: that)?|note that|please note that|please remember(?: that)?|keep in mind that"
    r"|for the record"
    r"|as (?:I said|I mentioned|you know)|wait|look|listen|guess what|good news|update|I think|I guess|I mean"
    r"|today|right now"
    r"|a bit about me|about me|I forgot to mention(?: that)?|I should (?:mention|say)(?: that)?"
    r"|let me add that|ps|p\u2024s|quick update|small update|life update|for what it is worth|fwiw|tbh|ngl|oh and"
    r"|speaking of which|on another note|thing is|the thing is|(?:so )?(?:basically )?what happened is(?: that)?"
    r"|turns out|it turns out(?: that)?|as it happens)\b[,:!.]* ?){1,4}",
    re.IGNORECASE,
)
_VERBS = (
    r"(?:am|was|have|had|live|work|love|like|hate|enjoy|prefer|study|teach|play|own|speak|drive|run|go|want|plan"
    r"|moved|started(?! with)|joined|got|bought|eat|drink|do not|did not|cannot|used to|grew up|need|volunteer|collect"
    r"|travel|take|use|build|write|make|see|sleep|wear|keep|read|cook|bake|hold|donate|maintain|deploy|charge|sing"
    r"|translate|switched|upgraded|stopped|quit|became|finished|sold|adopted|married|turned|lost|prefer|code|manage"
    r"|(?:still|also|now|never|always|usually|mostly|only|just|recently|sometimes) [a-z]{2,12})"
)
_ASKED_FOR = r"(?:do not )?(?:tell|show|give|send|explain|suggest|recommend) (?:me|us|it|them|this|that)"
_PERSON = r"(?:I|my|our|we|he|she|they|it|you|his|her|their)"
_SPLICED = (
    r"(?:(?:mostly|usually|never|always|only|also|still|currently|now|just) )?(?:been|got|have|had|do|did|work|live|use"
    r"|take|cannot|started|moved|working|living|studying|doing|allergic to|down \d|on (?:an?|my|the))"
)
"""What begins a statement after a bare comma, as people type in haste ("on ubuntu 22, mostly do php")."""
_JOINT = re.compile(
    rf"[;:] |,? (?:-|\u2013|\u2014) |\.{{2,}} ?|,? (?:and|but|so|because|although|though|while|since|plus|whereas|then)"
    rf"(?: (?:that|also|now|then)\b)? (?=(?:{_PERSON}|{_VERBS}|{_QUESTION_START})\b)"
    rf"|, (?!and\b)(?=(?:{_PERSON}|{_QUESTION_START}|(?:no )?wait|sorry|i mean|scratch that|or rather|{_ASKED_FOR}"
    rf"|{_SPLICED})\b)",
    re.IGNORECASE,
)
_PAIR = re.compile(r"^((?:my|our) [\w-]+(?: [A-Z][\w-]+)?) and ((?:my|our|I)\b)", re.IGNORECASE)
"""Two who do something together: "My sister and my aunt live in Oslo" is one clause."""
_LABEL = re.compile(
    rf"^((?:[\w']+ ){{0,3}}[\w']+): (?=[\w-]+(?:,| and| or|$| [\w-]+(?:,| and| or|$)))"
    rf"(?!(?:{_PERSON}|{_VERBS}|{_QUESTION_START})\b)",
    re.IGNORECASE,
)
"""What a list is of: "Allergies: nuts, latex"."""
_RELATIVE = re.compile(rf"^[Mm]y (?:{'|'.join(sorted(words('relatives'), reverse=True))})(?: [A-Z]\w+)?(?= )")
_TIED = "\u2060"
"""Stands for a space at which no clause begins."""
_SUBJECT = re.compile(r"\b(I|we|he|she|they|you|it)\b(?! (?:is|are) (?:my|our)\b)", re.IGNORECASE)
_SOFT = r"(?:just|finally|still|also|now|recently|only|already|actually|really|ended up|currently|so|always|mostly) "
_QUESTION = re.compile(rf"^{_QUESTION_START}", re.IGNORECASE)
_REQUEST = re.compile(rf"^{_ASKED_FOR}\b", re.IGNORECASE)
_BARE_VERB = re.compile(rf"^{_VERBS}\b")
_ELLIPTIC = [
    (subject, re.compile(rf"^(?:{_SOFT}){{0,3}}(?:{verbs})\b", re.IGNORECASE))
    for subject, verbs in (
        (
            "I",
            r"moved|started|joined|bought|adopted|upgraded|switched|graduated|retired|broke up|stopped|lost my|finished"
            r"|quit|got(?! (?:it|that|you|this)\b)|live in|work (?:at|as|for|in)|love(?! (?:it|that|this|you)\b)|hate"
            r"|prefer|cannot stand|do not (?:like|eat|drink|live)|used to|grew up|signed up|booked|went vegan"
            r"|turned \d|cancelled|canceled|had to|became|passed my|failed my",
        ),
        (
            "I am",
            r"living in|working (?:at|as|for|in|on)|allergic to|married|single|divorced|engaged|vegan|vegetarian"
            r"|retired|pregnant|from [A-Z]|based in|learning|studying|training for|not a (?:fan|big fan)",
        ),
        ("I am", r"(?:\w+ ){1,3}(?:days|weeks|months|years?) (?:sober|clean|smoke-free)"),
        ("my", r"order (?:#|no |number )?\d"),
        ("I am", r"on (?:an?|my|the)\b(?!.*\b(?:I|we)\b)"),
        ("I have", r"been (?!there|trying to log)|lived|worked|had to|never been"),
    )
]
"""Statements without a subject, as chats have them: "Moved to Cork last week", "allergic to nuts btw"."""
_ROTATED = re.compile(
    r"^((?:every|on|in|last|next|at|after|during|for|two|three|a few|this|these days|nowadays|yesterday"
    r"|tomorrow)\b[^,]{0,40}?),? (I .{3,})$",
    re.IGNORECASE,
)


_CORRECTION = re.compile(
    r"^(?:(?:oh|ah|oops|well|and|no|hm+|hang on|hold on)[,.]? ){0,2}(?:(?:no,? wait|wait,? no|wait|sorry,? no"
    r"|no,? sorry"
    r"|sorry|oops|correction|scratch that|make that|or rather|rather|I meant?(?: to say)?|actually,? no|no,? actually"
    r"|actually|technically|strictly speaking|to be (?:exact|precise))\b[,:]? ?){1,3}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Clause:
    """One statement or question, contractions written out, without lead-in words ("Well, actually").

    `is_question` is also a request in the midst of a sentence ("so show me one").
    `corrects` tells that the words before it announce a correction of what was said last ("no wait, Tuesday").
    """

    text: str
    is_question: bool = False
    corrects: bool = False


def sentences(message: str) -> list[str]:
    """Returns the sentences of a message without code, quotations of text, links and emoji, at most `MAX_SENTENCES`."""
    text = own_words(message.translate(_STRAIGHT))
    text = _LAUGH.sub(" lol ", _QUOTED.sub(_unquoted, text))
    text = with_points_guarded(_EMOJI.sub(" ", text))
    parts = (part[:MAX_SENTENCE_CHARS] for part in _END.split(text, maxsplit=MAX_SENTENCES)[:MAX_SENTENCES] if part)
    found = (_ITEM.sub("", " ".join(part.split())) for part in parts)
    return [sentence for sentence in found if sentence]


def with_points_guarded(text: str) -> str:
    """Returns the text with another character for full stops that end no sentence; `with_points` takes it back."""
    text = _ABBREVIATED.sub(lambda found: found[0].replace(".", _POINT), text)
    return _INNER_POINT.sub(_POINT, text)


def with_points(text: str) -> str:
    """Returns the text with the full stops that `with_points_guarded` replaced."""
    return text.replace(_POINT, ".")


def clauses(sentence: str) -> list[Clause]:
    """Returns what a sentence states and asks, one verb's worth each: "I live in Leeds and work as a nurse" is two."""
    text = written_out(sentence)
    joined = _PAIR.sub(rf"\1{_TIED}and \2", text.rstrip(" .!?…"))
    joined = _LABEL.sub(rf"\1:{_TIED}", joined)
    parts = [part.replace(_TIED, " ") for part in _JOINT.split(joined) if part and part.strip()]
    return list(_told_apart(parts, asks=text.endswith("?")))


def _told_apart(parts: list[str], *, asks: bool) -> Iterator[Clause]:
    """Marks the questions, and gives a verb without a subject the subject before it."""
    asked = corrects = False
    subject = ""
    bare = [part.strip(" ,") for part in parts]
    for number, part in enumerate(bare):
        corrects = bool(_CORRECTION.match(part)) or (corrects and _CORRECTION.sub("", bare[number - 1]) == "")
        text = _LEAD.sub("", _CORRECTION.sub("", part, count=1), count=1)
        if not text:
            continue
        is_question = bool(_QUESTION.match(text) or _REQUEST.match(text)) or (
            asks and number == len(parts) - 1 and not asked
        )
        asked = asked or is_question
        if number and _BARE_VERB.match(text):
            if not subject:
                continue
            text = f"{subject} {text}"
        for we, single in _WE:
            text = we.sub(single, text)
        text = text if number and subject != "I" else _with_subject(text)
        text = _ROTATED.sub(lambda found: f"{found[2]} {found[1][0].lower()}{found[1][1:]}", text)
        subject = "" if is_question else _subject_of(text)
        yield Clause(text, is_question, corrects)


def _with_subject(text: str) -> str:
    subject = next((subject for subject, pattern in _ELLIPTIC if pattern.match(text)), None)
    return f"{subject} {text[0].lower()}{text[1:]}" if subject else text


def _subject_of(clause: str) -> str:
    """Returns whose a verb is that follows the clause: the speaker's, a relative's, or "" where it is another's."""
    if relative := _RELATIVE.match(clause):
        return relative[0]
    subjects = _SUBJECT.findall(clause)
    return "I" if subjects and subjects[-1] in ("I", "we", "We") else ""


def _unquoted(quotation: re.Match[str]) -> str:
    """A short quotation is a name ("Spirited Away"); a longer one is somebody's words."""
    said = quotation[1] or quotation[2] or ""
    words = said.split()
    return said if len(words) <= 4 and "I" not in words else " "
