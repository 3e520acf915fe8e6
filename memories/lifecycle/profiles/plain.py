"""A profile without a model: attributes and memories go into the properties that are named like them.

A property is filled from the attribute that its name means (`city` is `location`), else from all attributes whose keys
begin so (`languages` from `language.spanish`), or from the memories of a category of that name. Nothing is reworded;
what no name leads to stays empty.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from memories.json_schemas import MAX_DEPTH, Json, Schema, misfits, resolved
from memories.models import Memory
from memories.resolution.attribute_keys import canonical_key

MAX_ITEMS = 20
MAX_LEVELS = 3

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SAYS_NO = re.compile(r"(no|not|none|never|dis\w+|hates?)\b", re.IGNORECASE)
_SAYS_YES = frozenset(
    {"yes", "true", "has", "like", "likes", "love", "loves", "speaks", "native", "allergic", "intolerant"}
)
_TASTES = {"likes": False, "interests": False, "dislikes": True}
"""Properties that are filled from tastes, and whether from what is not liked."""
_CATEGORIES = {
    "preferences": "user_preferences",
    "communication_preferences": "user_preferences",
    "interests": "hobbies",
    "relationships": "family",
    "work": "professional_details",
    "career": "professional_details",
}
"""Categories by names of properties that mean the same; of others the name is the category's own."""


@dataclass(frozen=True)
class Material:
    """What is known of a user: attributes by key, of which an empty value is not known, and memories, best first."""

    attributes: dict[str, str]
    memories: Sequence[Memory]


def filled(schema: Json, material: Material) -> Json:
    """Returns as much of a profile as names lead to: what is in it fits the schema, what is required may be missing."""
    profile = _object(resolved(schema, schema), material, schema, level=1)
    unfit = {misfit.path[0] for misfit in misfits(schema, profile) if misfit.path and misfit.rule != "required"}
    return {name: value for name, value in profile.items() if name not in unfit}


def _object(schema: Schema, material: Material, root: Json, *, level: int) -> Json:
    allowed = {name: part for name, part in schema.get("properties", {}).items() if part is not False}
    found = {name: _value(name, _chosen(part, root), material, root, level) for name, part in allowed.items()}
    return {name: value for name, value in found.items() if value not in (None, [], {})}


def _chosen(part: Any, root: Json) -> Schema:
    """What a part of the schema stands for, of alternatives the first that is not null."""
    for _ in range(MAX_DEPTH):
        part = resolved(part, root)
        alternatives = part.get("anyOf") or part.get("oneOf")
        if not alternatives:
            return part
        part = next((each for each in alternatives if each != {"type": "null"}), {})
    return {}


def _value(name: str, schema: Schema, material: Material, root: Json, level: int) -> Any:
    spelt = _HUMP.sub("_", name).lower().replace("-", "_").replace(" ", "_")
    kinds = schema.get("type", "string")
    kind = next((each for each in kinds if each != "null"), "") if isinstance(kinds, list) else kinds
    if kind == "object":
        return _object(schema, material, root, level=level + 1) if level < MAX_LEVELS else None
    if kind == "array":
        items = _chosen(schema.get("items", {}), root)
        if items.get("type", "string") != "string":
            return None
        return _distinct(_items(spelt, material))[: min(MAX_ITEMS, int(schema.get("maxItems", MAX_ITEMS)))]
    return _scalar(material.attributes.get(canonical_key(spelt), ""), kind, schema)


def _scalar(value: str, kind: str, schema: Schema) -> Any:
    if not value:
        return None
    if choices := schema.get("enum"):
        return next((each for each in choices if str(each).casefold() == value.casefold()), None)
    if kind in {"integer", "number"}:
        number = re.fullmatch(r"-?\d{1,15}(\.\d{1,6})?", value)
        return (float if number[1] else int)(value) if number else None
    if kind == "boolean":
        return {"yes": True, "true": True, "no": False, "false": False}.get(value.casefold())
    return value if kind == "string" else None


def _items(name: str, material: Material) -> Iterator[str]:
    """The items of a list: of tastes what is liked or not, else of attributes, and the memories of a category."""
    prefix = canonical_key(f"{name}.x").partition(".")[0]
    if name in _TASTES:
        yield from _things("preference", material, negative=_TASTES[name])
    elif name not in _CATEGORIES:
        yield from _things(prefix.removesuffix("s") if prefix == name else prefix, material, negative=False)
    category = _CATEGORIES.get(name, name)
    yield from (memory.text for memory in material.memories if category in (memory.categories or ()))


def _things(prefix: str, material: Material, *, negative: bool) -> Iterator[str]:
    for key, value in material.attributes.items():
        first, _, thing = key.partition(".")
        if first == prefix and value and bool(_SAYS_NO.match(value)) == negative:
            words = thing.replace("_", " ").replace(".", " ")
            says_only_that = negative or value.casefold() in _SAYS_YES
            yield (words if says_only_that else f"{words}: {value}") if words else value


def _distinct(items: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(items))
