"""How the fake model reads a conversation: by a few rules, so that tests can foresee what it says."""

import re
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]

_LOCATION = re.compile(r"\bI(?:'m| am| have|'ve)? (?:now )?(?:live in|moved to|living in) ([^.!?,]+)", re.IGNORECASE)
_NAME = re.compile(r"\bmy name is ([^.!?,]+)", re.IGNORECASE)
_TASTE = re.compile(r"\bI (?:now |also |really )*(don't like|do not like|hate|like|love) ([^.!?,]+)", re.IGNORECASE)


def answer_to(data: Json) -> Json:
    """Returns the answer to a request's data: facts for a conversation, decisions for facts and their neighbours,
    and for an export what is known so far, or nothing."""
    if "images" in data:
        return {"description": "A dog called Rex in the snow."}
    if "questions" in data:
        return {"decisions": [_decision(question) for question in data["questions"]]}
    if "so_far" in data:
        return data["so_far"] or {}
    read = [message for message in data["messages"] if message["role"] in data["speakers"]]
    return {"facts": [_fact(message, data["candidates"]) for message in read]}


def _fact(message: Json, candidates: list[Json]) -> Json:
    text, attribute, value = _reading(message["content"])
    fact = {
        "text": text,
        "speaker": message["role"],
        "sources": [message["number"]],
        "event_time": None,
        "categories": [],
        "attribute": attribute,
        "value": value,
    }
    same = [candidate for candidate in candidates if attribute and candidate.get("attribute") == attribute]
    if same and same[0].get("value") != value:
        return {**fact, "relation": "refines", "candidate": same[0]["number"]}
    return {**fact, **_relation_to_same_text(text, candidates)}


def _decision(question: Json) -> Json:
    return {"question": question["number"], **_relation_to_same_text(question["fact"], question["candidates"])}


def _relation_to_same_text(text: str, candidates: list[Json]) -> Json:
    same = [candidate["number"] for candidate in candidates if candidate["text"] == text]
    return {"relation": "duplicate", "candidate": same[0]} if same else {"relation": None, "candidate": None}


def _reading(content: str) -> tuple[str, str | None, str | None]:
    """Text, attribute and value of what a message says; a message that no rule knows is kept whole."""
    rules: list[tuple[re.Pattern[str], Callable[[re.Match[str]], tuple[str, str, str]]]] = [
        (_LOCATION, lambda found: (f"Lives in {found[1]}", "location", found[1])),
        (_NAME, lambda found: (f"Is called {found[1]}", "name", found[1])),
        (_TASTE, _taste),
    ]
    for pattern, read in rules:
        if found := pattern.search(content):
            return read(found)
    return f"Said: {content}", None, None


def _taste(found: re.Match[str]) -> tuple[str, str, str]:
    thing = found[2].strip()
    key = "preference." + re.sub(r"[^a-z0-9]+", "_", thing.lower()).strip("_")
    if found[1].lower() in {"like", "love"}:
        return f"Likes {thing}", key, "likes"
    return f"Does not like {thing}", key, "dislikes"
