"""Short answers: "Sam", said after "What's your name?", reads as "My name is Sam"."""

import re

_QUESTIONS = [
    (re.compile(pattern, re.IGNORECASE), statement)
    for pattern, statement in (
        (r"\byour (?:first |full )?name\b|\b(?:should|can|may) I call you\b|\bwho am I (?:speaking"
        r"|talking) (?:to|with)\b", "My name is {}"),
        (r"\bwhere (?:do|are) you (?:currently )?(?:live|living|based|located)\b|\b(?:which|what) city\b"
        r"|\byour (?:location|city)\b", "I live in {}"),
        (r"\bwhere (?:are|do) you (?:come )?(?:originally )?from\b|\byour home ?town\b", "I am from {}"),
        (r"\bwhere do you work\b|\bwho do you work for\b|\byour (?:employer|company)\b", "I work at {}"),
        (r"\bwhat do you do(?: for (?:a living|work))?\?|\byour (?:job|occupation|profession"
        r"|role)\b", "I work as a {}"),
        (r"\bhow old are you\b|\byour age\b", "I am {} years old"),
        (r"\byour birthday\b|\bwhen were you born\b|\bdate of birth\b", "My birthday is on {}"),
        (r"\ballerg(?:y|ies|ic)\b", "I am allergic to {}"),
        (r"\bdiet(?:ary)?\b", "I am {}"),
        (r"\blanguages? (?:do|can) you speak\b", "I speak {}"),
        (r"\bfavou?rite (?P<what>\w+(?: \w+)?)\?", "My favorite {what} is {}"),
        (r"\bwhat (?:are your hobbies|do you (?:like|enjoy|love) doing|do you do for fun)\b", "I enjoy {}"),
        (r"\b(?:what(?:'s| is) the|your|their|his|her) (?P<what>dog|cat|pet|puppy"
        r"|kitten)'?s? name\b", "My {what} is called {}"),
        (r"\bwhat(?:'s| is) your (?P<what>wife|husband|partner|sister|brother|son|daughter|mother|father"
        r"|girlfriend|boyfriend)'s name\b", "My {what}'s name is {}"),
    )
]  # fmt: skip
_VERB = r"(?P<verb>(?:usually |normally |mostly |currently |typically |most often )?[a-z]{2,15})"
_GENERAL_QUESTIONS = [
    (re.compile(pattern, re.IGNORECASE), statement)
    for pattern, statement in (
        (r"\bwhat(?:'s| is| are) your (?P<what>[\w' -]{3,50}?)(?: like)?\?", "My {what} is {}"),
        (r"\bare you (?:on|using|running) [\w ,]{2,40} or [\w ]{2,20}\?", "I use {}"),
        (r"\bwh(?:at|ich) (?P<what>[\w ]{3,30}?) (?:is|are) (?:that|this|it|you on|you running)\?", "I use {what} {}"),
        (r"\bhow many (?P<what>[\w ]{3,30}?) do you have\?", "I have {} {what}"),
        (
            rf"\bwh(?:at|ich)(?: (?:kind|type|sort|brand|model|version) of)? (?P<what>[\w ]{{2,30}}?) do you {_VERB}"
            r"(?P<rest>(?: (?!and\b)[\w' -]{2,40})?)\?",
            "I {verb}{rest} {}",
        ),
        (
            r"\bwh(?:at|ich) (?:programming |main )?(?P<what>language|framework|editor|operating system|os|browser"
            r"|database"
            r"|distro) (?:should I use|are you using|do you work with|are you working (?:in|with))\b.*\?",
            "I use {}",
        ),
        (rf"\bhow (?:often|long) do you {_VERB}(?P<rest>(?: [\w' -]{{2,40}})?)\?", "I {verb}{rest} {}"),
        (rf"\bwhen do you {_VERB}(?P<rest>(?: [\w' -]{{2,40}})?)\?", "I {verb}{rest} {}"),
        (rf"\bdo you {_VERB}(?P<rest> [\w' -]{{2,40}}?) or (?:[\w' -]{{2,40}})\?", "I {verb} {}"),
        (
            r"\bdo you (?:already )?have (?:any |an? )?(?P<what>[\w' -]{3,40}?(?:status|plan|subscription|account"
            r"|membership"
            r"|pass|insurance|allergies|experience|hobbies|preferences|requirements|goals?))\?",
            "My {what} is {}",
        ),
    )
]
"""Where the answer is what the question asks for, whatever that is."""
_YES_NO = [
    (re.compile(pattern, re.IGNORECASE), yes, no)
    for pattern, yes, no in (
        (r"\bdo you (?:like|enjoy|love) (?P<what>[\w ]{2,40})\?", "I like {what}", "I do not like {what}"),
        (r"\bare you (?P<what>married|single|retired|vegetarian|vegan|diabetic|pregnant|left-handed"
        r"|lactose intolerant)\b", "I am {what}", "I am not {what}"),
        (r"\bare you allergic to (?P<what>[\w ]{2,40})\?", "I am allergic to {what}", "I am not allergic to {what}"),
        (r"\bdo you speak (?P<what>\w+)\?", "I speak {what}", "I do not speak {what}"),
        (r"\bdo you (?:still )?live in (?P<what>[\w ]{2,40})\?", "I live in {what}", "I do not live in {what}"),
        (r"\bdo you (?:still )?work (?:at"
        r"|for) (?P<what>[\w ]{2,40})\?", "I work at {what}", "I no longer work at {what}"),
    )
]  # fmt: skip
_GENERAL_YES_NO = [
    (re.compile(pattern, re.IGNORECASE), yes, no)
    for pattern, yes, no in (
        (
            r"\bdo you (?:still |usually |currently |often )?(?P<what>(?!want|need|mean|think|know|see|prefer"
            r"|remember|have|get"
            r")[a-z]{2,12}(?! me\b| to\b)[\w' -]{2,40})\?",
            "I {what}",
            "I do not {what}",
        ),
        (r"\bhave you (?:ever )?(?P<what>been to [\w ]{2,30})\?", "I have {what}", "I have never {what}"),
    )
]  # fmt: skip
_HAVE = re.compile(
    r"\bdo you have (?:any |a )?(?:kids|children|pets?|siblings|brothers|sisters|dogs?|cats?|cars?)\b", re.IGNORECASE
)
_YES = re.compile(r"^(?:yes|yeah|yep|yup|sure|i do|i am|of course|absolutely|definitely)\b[,.! ]*", re.IGNORECASE)
_NO = re.compile(r"^(?:no|nope|nah|none|nothing|not really|never|i do not|i don't|i'm not)\b", re.IGNORECASE)
_FILLER = re.compile(
    r"^(?:it's|it is|that's|just|mostly|only|um|uh|well|hmm|my|in|at|a|an|i'm|i am|to|as)\b,? ", re.IGNORECASE
)
_COURTESY = re.compile(r",? (?:please|thanks|thank you|i think|i guess|probably)$", re.IGNORECASE)
_STATEMENT = re.compile(
    r"\b(?:I|I'm|my|we|me)\b|\?|\b(?:thanks?|hello|hi|help|please|skip|what|why|how)\b", re.IGNORECASE
)
_MAX_WORDS = 8


def as_statement(answer: str, question: str) -> str | None:
    """Returns what a short answer to a question says as a sentence of its own, or None where it is no such answer.

    `question` is the other side's message; its last question counts.
    """
    asked = _last_question(question)
    answer = answer.strip()
    if not asked or len(answer.split()) > _MAX_WORDS:
        return None
    return _to_yes_or_no(answer, asked) or _to_what(answer, asked)


def _last_question(message: str) -> str | None:
    asked = [part for part in re.split(r"(?<=[.!?])\s+|\n", message[-600:].strip()) if part.endswith("?")]
    return asked[-1] if asked else None


def _to_yes_or_no(answer: str, question: str) -> str | None:
    for pattern, yes, no in (*_YES_NO, *_GENERAL_YES_NO):
        found = pattern.search(question)
        if found and (_YES.match(answer) or _NO.match(answer)):
            return (yes if _YES.match(answer) else no).format(what=found["what"])
    return None


def _to_what(answer: str, question: str) -> str | None:
    said = _COURTESY.sub("", _FILLER.sub("", _YES.sub("", answer)).rstrip(" .!"))
    if not said or _NO.match(answer) or _STATEMENT.search(said):
        return None
    if _HAVE.search(question):
        return f"I have {said}"
    for pattern, statement in (*_QUESTIONS, *_GENERAL_QUESTIONS):
        if found := pattern.search(question):
            return statement.format(said, **found.groupdict())
    return None
