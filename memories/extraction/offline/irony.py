"""What is said and not meant: jokes, figures of speech, praise of what nobody likes; as far as words can tell."""

import re

_TAKEN_BACK = re.compile(
    r"^(?:haha,? |lol,? |i am |i'm |im )*(?:just |only |totally )?(?:kidding|joking|jk|messing with you)\b|^(?:/s"
    r"|not!?)$"
    r"|^(?:haha,? )?april fools"
    r"|^get it\?|^ba dum|^psych\b|^(?:i |i am )?made that up\b|^(?:that was|it was|it's|it is) (?:just )?a joke\b",
    re.IGNORECASE,
)
_MARKED = re.compile(r"\b(?:just kidding|j/?k|jking|not really lol)\b| /s$", re.IGNORECASE)
_LAUGHED = re.compile(r"\b(?:lo+l|lmao|lmfao|rofl|ha(?:ha)+h?|hehe(?:he)?|xd)\b", re.IGNORECASE)
_MOCK_PRAISE = re.compile(
    r"^(?:(?:oh|ah|well|yeah),? (?:great|wonderful|fantastic|brilliant|perfect|lovely|awesome|sure|yay|of course"
    r"|cool|nice"
    r"|joy|good)|great|wonderful|fantastic|brilliant|how (?:nice|lovely)|thanks a lot|well done|bravo|congrat\w*"
    r"|(?:sure|yeah|right|yes),? because|because (?:clearly|obviously|of course))\b"
    r".{0,40}\b(?:just|totally|absolutely|really|so|always|obviously|clearly) (?:love|enjoy|adore|like|need)",
    re.IGNORECASE,
)
_MOCKED = re.compile(
    r"\bnothing (?:better|more fun) than\b|\bjust what I (?:needed|wanted)\b|\bexactly what I (?:needed|wanted)\b"
    r"|\b(?:my )?favou?rite (?:part|thing|pastime|hobby),? (?:is|being) (?:waiting|paying|being|getting|losing|when)\b"
    r"|\blucky me\b|\bmuch fun\b|\byeah,? right\b|\bsaid (?:no ?one|nobody)\b"
    r"|\bwho does not love\b|\bwho doesn't love\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(
    r"\bI (?:am|feel|felt) (?:basically|practically|literally|pretty much|like|just|clearly|apparently|officially"
    r"|obviously) (?:like )?(?:an? |the |I am |made of |dead|dying|married to (?:my|the)|one with)"
    r"|\b(?:queen|king|god|goddess|master|ninja|ceo|president|captain|mayor) of (?!the netherlands)\w+"
    r"|^my (?:blood type|spirit animal|love language|superpower|cardio|only personality trait|other car) (?:is|are)\b"
    r"|\bI (?:could|would) (?:eat|sleep|kill|die)\b|\bI (?:live|run|survive) on (?:coffee|caffeine|sugar|spite)\b"
    r"|\bmarried to (?:my|the) (?:job|work|code|laptop|couch|sofa|game|office)\b|\bI am (?:dying|starving|dead"
    r"|drowning)\b"
    r"|\ba (?:million|billion|thousand|hundred|zillion|gazillion) (?:\w+ )?(?:times|years|tabs|things|hours|unread)\b"
    r"|\bI (?:died|was dying|am dead|cannot even)\b|\bI am (?:such )?an? (?:potato|zombie|mess|disaster|genius|wreck"
    r"|robot|vampire|unicorn|princess|dinosaur|ghost|alien|wizard|hobbit|pirate|goblin|sloth|monster|idiot|clown)\b",
    re.IGNORECASE,
)


def takes_back(sentence: str) -> bool:
    """Tells whether a sentence takes back what was said before it ("Just kidding")."""
    return bool(_TAKEN_BACK.match(sentence))


def is_mocking(sentence: str) -> bool:
    """Tells whether nothing in a sentence is meant as it is said ("Oh great, I just love waiting")."""
    return bool(_MOCK_PRAISE.match(sentence) or _MOCKED.search(sentence) or _MARKED.search(sentence))


def is_figure(clause: str) -> bool:
    """Tells whether a clause is a figure of speech ("I'm basically a potato")."""
    return bool(_FIGURE.search(clause))


def is_laughed_at(clause: str) -> bool:
    """Tells whether the speaker laughs about a clause; then only what a pattern knows well is taken at its word."""
    return bool(_LAUGHED.search(clause))


def without_laughter(text: str) -> str:
    """Returns the text without "lol" and its kin."""
    return " ".join(_LAUGHED.sub(" ", text).split()).strip(" ,")
