"""The kinds of words that patterns catch: a name, a place, a thing, a role; how each is told and tidied."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from memories.dates import MONTHS
from memories.extraction.offline.patterns.words import (
    CONDITIONS,
    DIETS,
    LANGUAGES,
    NOT_NAMES,
    PETS,
    ROLE_ENDINGS,
    ROLES,
)
from memories.extraction.offline.vocabulary import words
from memories.extraction.offline.wording import gerund, key, singular

_FREE = r"[^,.;:!?()\n]{1,90}"
_LISTED = r"[^.;:!?()\n]{1,120}"
_NUMBER = r"(?:\d{1,3}|a|an|one|two|three|four|five|six|seven|eight|nine|ten|several)\b"

_STOP = re.compile(
    r" (?:and|but|or|so|because|since|with|for|from|as|where|which|who|when|while|if|now|right now|at the moment"
    r"|currently"
    r"|these days|at present|today|again|anymore|any more|though|too|as well|right|already|instead|by the way"
    r"|please|last"
    r"|next|this|that|until|before|after|then|not|mostly|about|around|on|to|is|are|was|in (?:a|an|the|my|\d+|"
    r"January|February|March|April|May|June|July|August|September|October|November|December))\b.*$",
    re.IGNORECASE,
)
_THING_STOP = re.compile(
    r"(?:^| )(?:is|are|was|were|has|have|but|because|since|although|though|which|who|when|while|if|so"
    r"|now|too|as well|anymore|any more"
    r"|at all|a lot"
    r"|so much|very much|the most|right now|at the moment|these days|more than|over|rather than|instead|these"
    r"|those|that (?:I|you|much)"
    r"|please|by the way|lately|nowadays|after all|again|except|like (?:a|an)|best|as a|from time)\b.*$",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r",? (?:and|or|&|nor) |, ")
_VAGUE = words("vague")
_SMALL = words("small_name_words")
_TECHNOLOGIES = words("technologies")
_NOT_ORGANIZATIONS = words("not_organizations")


@dataclass(frozen=True)
class Slot:
    """What a slot may catch, and how that is cleaned: to one or several, or to none when it is of another kind."""

    regex: str
    clean: Callable[[str], list[str]]


def _person(raw: str) -> list[str]:
    """Up to four capitalized words: "Sam", "Ann-Marie de Vries"."""
    parts: list[str] = []
    for word in raw.strip("'\" ").split()[:4]:
        if not (word[:1].isupper() or (parts and word in _SMALL)) or word.lower() in NOT_NAMES or word == "I":
            break
        parts.append(word.removesuffix("'s"))
    while parts and parts[-1] in _SMALL:
        parts.pop()
    if len("".join(parts)) < 2:
        return []
    return [" ".join(parts)] if parts else []


def _first_word(raw: str) -> list[str]:
    word = (raw.split() or [""])[0].strip("'\"")
    return [] if word.lower() in NOT_NAMES or not word.isalpha() else [word.capitalize() if word.islower() else word]


def _titled(text: str) -> str:
    parts = [
        word if word in _SMALL and number else word[:1].upper() + word[1:] for number, word in enumerate(text.split())
    ]
    return " ".join(parts)


def _place(raw: str) -> list[str]:
    """A place's own name, "Berlin", "New York"; a kind of place ("a small house") is none."""
    place = _STOP.sub("", f" {raw.strip()} ").strip(" '\"").removeprefix("the city of ")
    place = re.sub(r"^(?:downtown|central|beautiful|sunny|lovely) ", "", place, flags=re.IGNORECASE)
    parts = place.split()
    if (
        not parts
        or len(parts) > 5
        or not parts[0][0].isalpha()
        or key(parts[0]) in NOT_NAMES
        or parts[0].lower() in ("a", "an", "my", "our", "fear", "peace")
        or any(character.isdigit() for character in place)
        or parts[0].lower() in _TECHNOLOGIES
    ):
        return []
    return [place if any(letter.isupper() for letter in place) else _titled(place)]


def _city(raw: str) -> list[str]:
    """A place that is written with a capital letter and is not a language: "a nurse in Leeds", not "in training"."""
    place = _place(raw.split(",", maxsplit=1)[0])
    return place if place and raw.strip()[:1].isupper() and place[0].lower() not in LANGUAGES else []


def _company(raw: str) -> list[str]:
    """An employer's own name, with its capital letter."""
    name = _organization(raw)
    return name if name and raw.strip()[:1].isupper() and key(name[0]) not in NOT_NAMES else []


def _names(raw: str) -> list[str]:
    """Each name of a list: "Miso", "Tofu"."""
    found = []
    for part in _SEPARATOR.split(f"{raw.strip()} "):
        name = _person(part)
        if not name:
            break
        found += name
    return found


def _organization(raw: str) -> list[str]:
    """An employer or a school: "Acme", "a small bakery"; what follows as "as a nurse" is cut."""
    name = re.split(
        r" (?:as|in|for|since|doing|where|which|who|but|so|because|now|right now|with|on|from|until|last|this"
        r"|next|and (?=[a-z])|until|anymore|any more|of (?=\d)|at|studying|currently|these)\b",
        f" {raw.strip()}",
        maxsplit=1,
    )[0].strip(" '\"")
    parts = name.split()
    if not parts or len(parts) > 6 or parts[0].lower() in _NOT_ORGANIZATIONS:
        return []
    if parts[0] in ("a", "an"):
        return [name]
    return [name if any(letter.isupper() for letter in name) else _titled(name)]


def _role(raw: str) -> list[str]:
    """An occupation, with at most three words before it: "freelance graphic designer"."""
    raw = re.sub(r"^\d+[- ]years?[- ]old ", "", raw.strip())
    role = re.split(
        r" (?:at|in|for|from|with|who|and|but|on|by|working|living|based|so|because|since|now|of (?=\d"
        r"|a |an |the |my )|there|as"
        r"|these|to|than|studying|or|when|where)\b",
        raw,
        maxsplit=1,
        flags=re.IGNORECASE,
    )[0].strip(" '\"")
    parts = role.lower().split()
    if not parts or len(parts) > 4:
        return []
    last = parts[-1]
    return [role] if last in ROLES or last.endswith(ROLE_ENDINGS) else []


def _thing(raw: str) -> list[str]:
    things = _things(raw.replace(" and ", " & "))
    return [thing.replace(" & ", " and ") for thing in things[:1]]


def _things(raw: str) -> list[str]:
    """What is liked, eaten, owned: each of a list, "to cook" as "cooking"; nothing where it is "it" or "that idea"."""
    found = []
    for part in _SEPARATOR.split(f"{raw.strip()} "):
        thing = _THING_STOP.sub("", part).strip(" '\"")
        thing = re.sub(
            r"^(?:both|really|also|some|any|all|eating|all kinds of|every kind of|a bit of|either|especially"
            r"|mostly|mainly) ",
            "",
            thing,
        )
        if thing.startswith("to be "):
            break
        thing = re.sub(r"^to (\w+)", lambda verb: gerund(verb[1]), thing)
        parts = thing.split()
        if (
            not parts
            or parts[0] in ("its", "their", "his", "her")
            or len(parts) > 8
            or (parts[1:2] + parts if parts[0] == "the" else parts)[0].lower() in _VAGUE
            or not key(thing)
        ):
            break
        found.append(thing)
    return found


def _object(raw: str) -> list[str]:
    """A thing to own, without what is said about it."""
    return _thing(
        re.split(r" (?:and|that|which|with|in|on|for|from|because|so|at|to|who)\b", raw.strip(), maxsplit=1)[0]
    )


def _pet(raw: str) -> list[str]:
    """A kind of animal with what describes it: "golden retriever"."""
    return [re.sub(r"^(?:(?:a|an|the|my|one|two|three|new|old) )+", "", raw.strip(), flags=re.IGNORECASE)]


def _pets(raw: str) -> list[str]:
    """The kind of several animals: "cat" of "two old cats"."""
    kind = _pet(raw)[0].split()
    return [" ".join([*kind[:-1], singular(kind[-1].lower())])]


def _languages(raw: str) -> list[str]:
    return [word.capitalize() for word in re.findall(r"\w+", raw) if word.lower() in LANGUAGES]


def _diet(raw: str) -> list[str]:
    return [re.sub(r"[ -]free$", "-free", raw.strip().lower())]


def _as_it_is(raw: str) -> list[str]:
    text = raw.strip(" '\"")
    return [text] if text else []


def _number(raw: str) -> list[str]:
    return [{"a": "one", "an": "one"}.get(raw.strip().lower(), raw.strip().lower())]


def _birthday(raw: str) -> list[str]:
    """The day, with its year where that was said and not guessed: a year to come is no year of birth."""
    found = re.match(r"(?:on )?(\d{1,2} [A-Z][a-z]+)(?: (\d{4}))?", raw.strip())
    if not found:
        return []
    return [f"{found[1]} {found[2]}" if found[2] and int(found[2]) <= _LATEST_BIRTH else found[1]]


def _day(raw: str) -> list[str]:
    return [re.sub(r"^(?:on )?(\d{1,2} [A-Z][a-z]+).*$", r"\1", raw.strip())]


_LATEST_BIRTH = 2025
_MONTH = "|".join(MONTHS)

SLOTS = {
    "name": Slot(r"[^,.;:!?()\n]{1,50}", _person),
    "nickname": Slot(r"[\w'-]{1,30}", _first_word),
    "place": Slot(r"[^.;:!?()\n]{1,90}", lambda raw: _place(raw.split(",")[0])),
    "organization": Slot(_FREE, _organization),
    "role": Slot(_FREE, _role),
    "thing": Slot(_FREE, _thing),
    "things": Slot(_LISTED, _things),
    "object": Slot(_FREE, _object),
    "rest": Slot(_LISTED, _as_it_is),
    "city": Slot(r"[^.;:!?()\n]{1,60}", _city),
    "company": Slot(_FREE, _company),
    "names": Slot(_LISTED, _names),
    "pets": Slot(rf"(?:[a-z]+ ){{0,3}}(?:{'|'.join(PETS)})", _pets),
    "birthday": Slot(rf"(?:on )?\d{{1,2}} (?:{_MONTH})(?: \d{{4}})?", _birthday),
    "tool": Slot(r"[\w+# -]{1,40}", _as_it_is),
    "version": Slot(r"[\w\u2024]{1,20}", _as_it_is),
    "plan": Slot(r"[\w+ -]{1,40}", _as_it_is),
    "word": Slot(r"[\w'-]{1,30}", _as_it_is),
    "contact": Slot(r"\w+", _as_it_is),
    "number": Slot(_NUMBER, _number),
    "age": Slot(r"(?:1[0-9]|[2-9][0-9]|1[01][0-9]|[5-9])", _as_it_is),
    "day": Slot(rf"(?:on )?\d{{1,2}} (?:{_MONTH})(?: \d{{4}})?", _day),
    "languages": Slot(_LISTED, _languages),
    "condition": Slot(
        rf"(?:{'|'.join(CONDITIONS)})", lambda raw: [raw.strip() if raw.isupper() else raw.strip().lower()]
    ),
    "diet": Slot(rf"(?:{'|'.join(DIETS)})", _diet),
    "pet": Slot(rf"(?:[a-z]+ ){{0,3}}(?:{'|'.join(PETS)})", _pet),
    "kin": Slot(
        r"(?:kids?|children|child|sons?|daughters?|boys|girls|grandchildren|grandkids|siblings|brothers?"
        r"|sisters?|twins)",
        lambda raw: [raw.strip().lower()],
    ),
    "relative": Slot(
        r"(?:(?:older|younger|little|big|twin|best|eldest|oldest|youngest|elder|late|step) ?)?(?:mom|mum|mother"
        r"|dad|father|sister"
        r"|brother|son|daughter|grandmother|grandma|grandfather|grandpa|aunt|uncle|cousin|niece|nephew|kid|child"
        r"|baby|friend"
        r"|mother-in-law|father-in-law|stepson|stepdaughter|roommate|flatmate|twins?|parents|kids|children|sons"
        r"|daughters"
        r"|grandson|granddaughter|godson|goddaughter|husband|wife|spouse|partner|girlfriend|boyfriend|fiancée?"
        r"|fiancee)",
        lambda raw: [raw.strip().lower()],
    ),
    "partner": Slot(
        r"(?:husband|wife|spouse|partner|girlfriend|boyfriend|fiancée?|fiancee)", lambda raw: [raw.lower()]
    ),
}
