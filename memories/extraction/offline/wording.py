"""From "I live with my dog" to "Lives with their dog": statements in the third person, without a subject."""

import re

from memories.extraction.offline.vocabulary import words

_BEFORE_VERBS = words("adverbs") | {"of", "no", "longer"}
_UNCHANGED = words("unchanged_verbs")
_IRREGULAR = {"am": "is", "have": "has", "do": "does", "go": "goes"}
_PAST = words("irregular_past")
_PRESENT_IN_ED = frozenset(("need", "feed", "breed", "speed", "heed"))
_FROM_SPEAKER = re.compile(r"^(?!I\b|My\b|my\b)[^,]{0,60}?,? ?(?=\bI )")
_PRONOUNS = [
    (re.compile(pattern), text)
    for pattern, text in (
        (r"\bI am\b", "they are"),
        (r"\bI was\b", "they were"),
        (r"\b(?:I|we|We)\b", "they"),
        (r"\b(?:my|our)\b", "their"),
        (r"\b(?:My|Our)\b", "Their"),
        (r"\b(?:me|us)\b", "them"),
        (r"\b(?:mine|ours)\b", "theirs"),
        (r"\b(?:myself|ourselves)\b", "themselves"),
    )
]


def third_person(clause: str) -> str:
    """Returns a statement about the speaker as memories word it.

    "I do not like my job" becomes "Does not like their job", "My sister lives in Oslo" "Sister lives in Oslo".
    """
    words = _FROM_SPEAKER.sub("", clause, count=1).split(" ")
    if words[0] == "I" and len(words) > 1:
        rest = _conjugated(words[1:])
    elif words[0] in ("My", "my"):
        rest = words[1:]
    else:
        rest = words
    return capitalized(in_pronouns(" ".join(rest)))


def in_pronouns(text: str) -> str:
    """Returns the text with the speaker's pronouns in the third person: "my pizza" becomes "their pizza"."""
    for pattern, replacement in _PRONOUNS:
        text = pattern.sub(replacement, text)
    return text


def capitalized(text: str) -> str:
    """Returns the text with a capital first letter and the rest as it was."""
    return text[:1].upper() + text[1:]


def gerund(verb: str) -> str:
    """Returns the -ing form of a verb: "cook" becomes "cooking", "bake" "baking", "swim" "swimming"."""
    if len(verb) > 2 and verb.endswith("e") and not verb.endswith(("ee", "ye", "oe")):
        return f"{verb[:-1]}ing"
    if re.fullmatch(r"[a-z]{0,3}[^aeiou\W][aeiou][bdgmnpt]", verb) and verb not in _SINGLE_CONSONANT:
        return f"{verb}{verb[-1]}ing"
    return f"{verb}ing"


_SINGLE_CONSONANT = frozenset(("visit", "eat", "open", "listen", "edit", "read", "garden"))


_IE_NOUNS = words("ie_nouns")


def singular(noun: str) -> str:
    """Returns the singular of a regular English noun: "olives" becomes "olive"."""
    if len(noun) <= 3 or noun.endswith(("ss", "us", "is", "ics", "news", "series")):
        return noun
    if noun[:-1] in _IE_NOUNS:
        return noun[:-1]
    if noun.endswith("ies") and len(noun) > 5:
        return f"{noun[:-3]}y"
    if noun.endswith(("ches", "shes", "xes", "sses", "toes")):
        return noun[:-2]
    return noun[:-1] if noun.endswith("s") else noun


def key(text: str, *, is_name: bool = False) -> str:
    """Returns a part of an attribute's key: lower case, no articles, `_` for spaces.

    The last word of a thing is made singular, and one of a few synonyms chosen; a name stays as it is.
    """
    parts = [word for word in re.findall(r"[\w+#&'-]+", text.lower()) if word not in _ARTICLES]
    if parts and not is_name:
        parts[-1] = _SAME.get(parts[-1]) or _SAME.get(singular(parts[-1])) or singular(parts[-1])
    return "_".join(parts)[:60]


_SAME = {"kid": "child", "children": "child", "grandkid": "grandchild", "grandchildren": "grandchild"} | {
    "mom": "mother", "mum": "mother", "dad": "father", "grandma": "grandmother", "grandpa": "grandfather",
    "film": "movie", "colour": "color", "puppy": "dog", "kitten": "cat", "puppie": "dog",
}  # fmt: skip
_ARTICLES = frozenset(("a", "an", "the", "my", "our", "their", "his", "her", "any", "some", "all", "most", "of"))


def _conjugated(words: list[str]) -> list[str]:
    """Puts the first verb into the third person: ["really", "like", "it"] becomes ["really", "likes", "it"]."""
    at = next((number for number, word in enumerate(words) if word not in _BEFORE_VERBS), 0)
    return [*words[:at], _third(words[at]), *words[at + 1 :]]


def _third(word: str) -> str:
    verb = word.rstrip(",;:")
    return f"{_third_of(verb)}{word[len(verb) :]}"


def _third_of(verb: str) -> str:
    if verb in _UNCHANGED or verb in _PAST or (verb.endswith("ed") and verb not in _PRESENT_IN_ED):
        return verb
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return f"{verb[:-1]}ies"
    return f"{verb}es" if verb.endswith(("s", "x", "z", "ch", "sh", "o")) else f"{verb}s"
