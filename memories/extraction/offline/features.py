"""Signs in a clause of whether it tells something lasting about its speaker: what the classifier weighs."""

import re

from memories.extraction.offline.screening import doubts_of
from memories.extraction.offline.vocabulary import words

_PAST = "|".join(sorted(words("irregular_past")))
_KIN = "|".join(sorted(words("relatives")))

_SIGNS = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        # Whom it is about
        "I am": r"^I am\b",
        "I have": r"^I have\b",
        "I": r"^I\b",
        "I later": r".\bI\b",
        "my": r"^my\b",
        "my relative": rf"\bmy (?:[\w-]+ ){{0,2}}(?:{_KIN})\b",
        "mine": r"\b(?:my|me|mine|myself)\b",
        "you": r"\byou(?:rs?)?\b",
        "it": r"^(?:it|that|this|these|those|there|the|which)\b",
        "they": r"^(?:he|she|they|his|her|their|someone|people|everyone)\b",
        "acquaintance": r"^(?:my|the|one of my|an?|our)\b(?: [\w'-]+){0,4}? (?:colleague|co-?worker|boss|manager"
        r"|client|customer|patient|student|pupil|neighbou?r|landlord|landlady|roommate|flatmate|teacher|professor|guy"
        r"|lady|lead|friend of|courier|driver|ex)s?\b",
        # How it is said
        "mocking": r"\b(?:obviously|apparently|basically|literally|clearly|technically|officially|practically)\b",
        "past": rf"^(?:I|my [\w-]+)(?: \w+ly| just| never| already)? (?:was|were|\w{{2,}}ed|{_PAST})\b",
        "perfect": r"\b(?:have|has) (?:\w+ )?(?:been|had|done|gone|\w{2,}ed)\b",
        "progressive": r"\b(?:am|is|are|was|been) (?:\w+ )?\w{2,}ing\b",
        "negated": r"\b(?:not|no|never|cannot|without|none|nothing)\b",
        "never": r"\bnever\b",
        "will": r"\b(?:will|going to)\b",
        "must": r"\b(?:need|needs|have to|has to|had to|must|should|ought)\b",
        "can": r"\b(?:can|cannot|could)\b",
        "wish": r"\b(?:want|wants|would (?:love|like|rather)|hope|hoping|wish|goal|dream|plan|planning)\b",
        "opinion": r"\b(?:think|guess|believe|suppose|feel like|seems?|sounds?|looks?|probably|maybe|might)\b",
        "attempt": r"\b(?:tried|trying|try|attempt|attempted|wrapped|clicked|restarted|reinstalled|checked)\b",
        "undecided": r"\b(?:considering|looking (?:for|at|to|into)|thinking (?:of|about)|wondering|leaning)\b",
        "taste": r"\b(?:likes?|loves?|hates?|enjoys?|prefers?|favou?rites?|cannot stand|fan of)\b",
        "used to": r"\bused to\b",
        # When
        "often": r"\b(?:usually|always|often|every|each|normally|mostly|regularly|once an?|twice an?|times an?|daily"
        r"|weekly|only|ever)\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days\b",
        "long": r"\b(?:for|since|over|about|nearly|almost) (?:\w+ ){0,3}(?:weeks|months|years?|ages|decades"
        r"|(?:19|20)\d\d)\b|\bsince\b|\bago\b",
        "now": r"\b(?:today|tonight|right now|at the moment|just now|this (?:morning|afternoon|evening|week)|currently"
        r"|now|yesterday|last night)\b",
        "date": r"\b(?:on|in|from|since|by|until|the week of) (?:\d{1,2} )?[A-Z][a-z]{2,8} \d{4}\b",
        # What of
        "number": r"\d",
        "counted": r"\b(?:two|three|four|five|six|seven|eight|nine|ten|both)\b",
        "unnamed": r"\b(?:something|anything|stuff|someone|somewhere|a thing|this one|that one"
        r"|the (?:same|other) one)\b",
        "pointing": r"\b(?:it|this|that|these|those|them)\b",
        "the": r"\bthe\b",
        "help": r"\b(?:help|ideas?|tips?|advice|links?|suggestions?|recommendations?|way to|regex|slogan|bio"
        r"|explain)\b",
        "trouble": r"\b(?:errors?|fails?|failed|broken?|crash\w*|stopped|does not work|not working|bugs?|issues?"
        r"|problems?|stuck|arrived|late)\b",
        "ailment": r"\b(?:headache|fever|runny|cold|cough|sore|rash|hungry|tired|sunburnt|slept)\b",
        "code": r"[_(){}=<>/\\]",
        "exclaimed": r"!",
    }.items()
}
_NAME = re.compile(r"(?<!^)(?<![.!?] )\b(?!I\b)[A-Z]\w+")

_SPEAKER = re.compile(r"\b(?:I|my|me|mine|myself)\b", re.IGNORECASE)


def signs_of(clause: str) -> frozenset[str]:
    """Returns the names of the signs in a clause whose contractions are written out."""
    count = len(clause.split())
    found = {name for name, pattern in _SIGNS.items() if pattern.search(clause)}
    if _NAME.search(clause):
        found.add("name")
    if not _SPEAKER.search(clause):
        found.add("nobody's")
    if "past" in found and not found & {"long", "date", "often", "name"}:
        found.add("past without a time")
    found.add("short" if count < 4 else "long clause" if count > 14 else "middling")
    return frozenset(found) | doubts_of(clause)
