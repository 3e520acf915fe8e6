"""Short answers: "Sam", said after "What's your name?", reads as "My name is Sam"."""

import re
from dataclasses import dataclass

from memories.extraction.offline.spelling import written_out

_THINGS = r"(?P<what>[\w' -]{2,50}?)"
_VERB = r"(?P<verb>(?:usually |normally |mostly |currently |typically |already |still |most often )?[a-z]{2,15})"
_REST = r"(?P<rest>(?: (?!or\b|and\b)[\w'-]+){0,6}?)"
_TRAIL = r"(?: (?:for fun|for a living|these days|at the moment|right now|exactly|if any|like))?"


@dataclass(frozen=True)
class _Question:
    """A kind of question, and the statement that an answer to it makes: `{}` stands for the answer."""

    asks: re.Pattern[str]
    statement: str


def _questions(*kinds: tuple[str, str]) -> list[_Question]:
    return [_Question(re.compile(pattern, re.IGNORECASE), statement) for pattern, statement in kinds]


_OPEN = _questions(
    # Where the answer has a form of its own
    (r"\byour (?:first |full )?name\b|\b(?:should|can|may) I call you\b|\bwho am I (?:speaking|talking)",
     "My name is {}"),
    (r"\bwh(?:ere|ich city|at city)\b.* you (?:currently )?(?:live|living|based|located|in)\b", "I live in {}"),
    (r"\byour (?:location|city)\b", "I live in {}"),
    (r"\bwhere (?:are|do) you (?:come )?(?:originally )?from\b|\byour home ?town\b", "I am from {}"),
    (r"\bwhere do you work\b|\bwho do you work for\b|\byour (?:employer|company)\b", "I work at {}"),
    (r"\bwhat (?:industry|field|sector|department|area)\b.* work\b", "I work in {}"),
    (r"\bwhat do you do(?: for (?:a living|work))?\?|\byour (?:job(?: title)?|occupation|profession|role)\b",
     "I am {}"),
    (r"\bhow old are you\b|\byour age\b", "I am {} years old"),
    (r"\byour birthday\b|\bwhen were you born\b|\bdate of birth\b", "My birthday is on {}"),
    (r"\ballerg(?:y|ies|ic)\b", "I am allergic to {}"),
    (r"\bdiet(?:ary)?\b", "I am {}"),
    (r"\blanguages? (?:do|can) you speak\b", "I speak {}"),
    (r"\byour hobbies\b|\bwhat do you (?:like|enjoy|love) doing\b|\bwhat do you do for fun\b", "I enjoy {}"),
    (r"\bfavou?rite (?P<what>\w+(?: \w+)?)\?", "My favorite {what} is {}"),
    (r"\b(?:what is the|your|their|his|her|its) (?P<what>dog|cat|pet|puppy|kitten)'?s? name\b",
     "My {what} is called {}"),
    (r"\byour (?P<what>wife|husband|partner|sister|brother|son|daughter|mother|father)'s name\b",
     "My {what}'s name is {}"),
    # Where it stands in the place of what is asked for
    (rf"\b(?:what|when|where|who|how old) (?:is|are) your {_THINGS}{_TRAIL}\?", "My {what} is {}"),
    (rf"\b(?:tell|give|send|have|share|confirm|need|me) your {_THINGS}(?: please)?\?", "My {what} is {}"),
    (rf"\bhow many {_THINGS} do you have\b", "I have {} {what}"),
    (rf"\bhow (?:often|long|much|far|many \w+) (?:do|have) you {_VERB}{_REST}{_TRAIL}\?", "I {verb}{rest} {}"),
    (rf"\b(?:when|where) do you {_VERB}{_REST}{_TRAIL}\?", "I {verb}{rest} {}"),
    (rf"\b(?:when|where|what) are you {_VERB}{_REST}{_TRAIL}\?", "I am {verb}{rest} {}"),
    (rf"\bwh(?:at|ich) [\w' -]{{2,40}}? (?:do|have) you {_VERB}{_REST}{_TRAIL}\?", "I {verb}{rest} {}"),
    (rf"\bwh(?:at|ich) [\w' -]{{2,40}}? are you {_VERB}{_REST}{_TRAIL}\?", "I am {verb}{rest} {}"),
    (rf"\bwhat do you {_VERB}{_REST}{_TRAIL}\?", "I {verb}{rest} {}"),
    (r"\bwh(?:at|ich) [\w' -]{2,40}? (?:is|are) (?:that|this|it|you on|you running|you using)\?", "I use {}"),
    (r"\bwh(?:at|ich)\b.*\b(?:operating system|os|browser|device|phone|language|editor|version|framework)\b",
     "I use {}"),
    (r"\bare you (?:on|using|running) ", "I use {}"),
    (r"\bdo you have (?:any |an? )?(?P<what>[\w' -]*(?:status|experience|preferences?|requirements?|goals?))\b",
     "My {what} is {}"),
    (rf"\bhow do you (?!feel|do\b|think|mean|like|know|want){_VERB}{_REST}{_TRAIL}\?", "I {verb}{rest} {}"),
    (rf"\bdo you {_VERB}(?P<rest>(?: (?:in|on|at|with|for|by|to))?) [\w' -]{{2,40}} or [\w' -]{{2,40}}\?",
     "I {verb}{rest} {}"),
    (r"\bdo you (?:still |already )?(?P<verb>have|take|own|use|play|speak|eat|drink|prefer)\b", "I {verb} {}"),
    (r"^(?:and |also |do you have |have you got )?(?:any|other) (?P<what>[\w' -]{3,40}?)"
     r"(?: (?:I should|that|to|you)\b.*)?\?", "My {what}: {}"),
)  # fmt: skip
_WHETHER = [
    (re.compile(pattern, re.IGNORECASE), yes, no)
    for pattern, yes, no in (
        (r"\b(?:do|would) you (?:still |usually |often )?(?P<what>(?:work (?:at|for)|live in) [\w ]{2,40})\?",
         "I {what}", "I no longer {what}"),
        (r"\bare you (?P<what>(?!sure|ready|ok|okay|looking|asking|interested|free|still there)[\w' -]{3,40})\?",
         "I am {what}", "I am not {what}"),
        (r"\bdo you (?:still |usually |currently |often )?(?P<what>(?!want|need|mean|think|know|see|remember|get\b)"
         r"[a-z]{2,12} [\w' -]{2,40})\?", "I {what}", "I do not {what}"),
        (r"\bdo you (?:still )?(?P<what>smoke|drink|drive|exercise|cook|travel|work|study|sing|dance|swim|read)\?",
         "I {what}", "I do not {what}"),
        (r"\bhave you (?:ever )?(?P<what>(?:been|had|tried|visited|worked|lived) [\w ]{2,30})\?", "I have {what}",
         "I have never {what}"),
    )
]  # fmt: skip
_YES = re.compile(r"^(?:yes|yeah|yep|yup|sure|i do|i am|of course|absolutely|definitely)\b[,.! ]*", re.IGNORECASE)
_NO = re.compile(r"^(?:no|nope|nah|none|nothing|not really|never|i do not|i don't|i'm not)\b", re.IGNORECASE)
_FILLER = re.compile(
    r"^(?:(?:it's|it is|that's|just|mostly|only|um|uh|well|hmm|my|in|at|i'm|i am|to|as|like|probably)\b,? )+",
    re.IGNORECASE,
)
_COURTESY = re.compile(r",? (?:please|thanks|thank you|i think|i guess|probably|for sure)$", re.IGNORECASE)
_STATEMENT = re.compile(
    r"\b(?:I|I'm|my|we|me)\b|\?|\b(?:thanks?|hello|hi|help|please|skip|what|why|how|ok|okay|great|cool|nice)\b",
    re.IGNORECASE,
)
_ADVERBS = re.compile(r"\b(?:already|ever|any)\b ?", re.IGNORECASE)
_MAX_WORDS = 10


def as_statement(answer: str, question: str) -> str | None:
    """Returns what a short answer to a question says as a sentence of its own, or None where it is no such answer.

    `question` is the other side's message; its last question counts.
    """
    asked = _last_question(question)
    answer = answer.strip()
    if not asked or len(answer.split()) > _MAX_WORDS:
        return None
    is_plain = not _said_beside_yes(answer)
    first, second = (_to_yes_or_no, _to_what) if is_plain else (_to_what, _to_yes_or_no)
    return first(answer, asked) or second(answer, asked)


def _last_question(message: str) -> str | None:
    asked = [part for part in re.split(r"(?<=[.!?])\s+|\n", message[-600:].strip()) if part.endswith("?")]
    return written_out(asked[-1]) if asked else None


def _said_beside_yes(answer: str) -> str:
    return _COURTESY.sub("", _FILLER.sub("", _YES.sub("", answer)).rstrip(" .!"))


def _to_yes_or_no(answer: str, question: str) -> str | None:
    is_yes, is_no = bool(_YES.match(answer)), bool(_NO.match(answer))
    if " or " in question or not (is_yes or is_no):
        return None
    for asks, yes, no in _WHETHER:
        if found := asks.search(question):
            return (yes if is_yes else no).format(what=_ADVERBS.sub("", found["what"]))
    return None


def _to_what(answer: str, question: str) -> str | None:
    said = _said_beside_yes(answer)
    if not said or _NO.match(answer) or _STATEMENT.search(said):
        return None
    for kind in _OPEN:
        if found := kind.asks.search(question):
            return kind.statement.format(said, **found.groupdict())
    return None
