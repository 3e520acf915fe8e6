"""Fills a schema without a language model: attributes, categories and memories go to the fields that they fit.

Nothing is made up: a value is an attribute's, a category's, an entity's or a memory's own text, or one that the schema
itself allows for what is not known: null, its default, an empty text or list. Where it demands more, the mapping says
what is missing.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from dateutil import parser as dates

from loci.http.renderer import moment
from memories.exports.knowledge import Knowledge, Known, Label
from memories.json_schemas import InvalidSchema, Schema, is_object, misfits, resolved, told
from memories.scope import SCOPED

NOTHING: Final = object()
"""What is not known."""
MAX_DEPTH = 8
"""Objects within objects: definitions may name themselves."""
MAX_FIELDS = 2_000
"""Fields of a whole schema, with those of a definition at each place: it goes less deep where there would be more."""

TEXT = frozenset({"memory", "text", "content", "fact", "statement", "summary", "note"})
"""What a memory's own words are called in an object that stands for it."""
WHEN = frozenset({"date", "when", "created_at", "createdat", "time", "timestamp", "datetime"})
ALL = frozenset({"memories", "facts", "notes", "all_memories", "all_facts", "statements"})
"""Lists of these names hold everything."""
TRUE, FALSE = frozenset({"true", "yes"}), frozenset({"false", "no"})


class Unfillable(Exception):
    """The schema demands what is not known; the text says what."""


def labels_of(schema: Schema) -> tuple[list[Label], int]:
    """Returns the labels of the fields that a schema has, and how deep these go."""
    for depth in range(MAX_DEPTH, 0, -1):
        labels = list(islice(_labels(schema, schema, Label(""), depth), MAX_FIELDS + 1))
        if len(labels) <= MAX_FIELDS:
            return labels, depth
    raise Unfillable("The schema has too many fields.")


def filled(schema: Schema, memories: Sequence[Known]) -> dict[str, Any]:
    """Returns an object that fits the schema, of what these memories tell, the newest first. Raises `Unfillable`."""
    labels, depth = labels_of(schema)
    try:
        value = Filling(schema, Knowledge(memories, labels)).value(schema, Label(""), depth=depth)
        result = {} if value is NOTHING else value
        unfit = misfits(schema, result)
    except InvalidSchema as error:
        raise Unfillable(str(error)) from None
    if unfit:
        raise Unfillable(f"The schema demands what is not known: {told(unfit)}.")
    return result


def _labels(schema: Any, whole: Schema, label: Label, depth: int) -> Iterator[Label]:
    """One for each schema on the way, so that who counts them counts the way."""
    if depth < 0:
        return
    yield label
    schema = resolved(schema, whole)
    for name, inner in _properties(schema).items():
        yield from _labels(inner, whole, label.of(name, _description(inner, whole)), depth - 1)
    for inner in (schema.get("items"), schema.get("additionalProperties"), *_alternatives(schema)):
        if isinstance(inner, Mapping):
            yield from _labels(inner, whole, label, depth - 1)


def _properties(schema: Schema) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = schema.get("properties", {})
    return properties


def _alternatives(schema: Schema) -> list[Any]:
    """Those that say something: `true` and `false` are schemas, too."""
    return [each for each in (*schema.get("anyOf", []), *schema.get("oneOf", [])) if each and each is not True]


def _description(schema: Any, whole: Schema) -> str:
    description = resolved(schema, whole).get("description", "")
    return description[:200] if isinstance(description, str) else ""


class Filling:
    """The way through one schema."""

    def __init__(self, schema: Schema, knowledge: Knowledge) -> None:
        self._whole, self._knowledge = schema, knowledge

    def value(self, schema: Any, label: Label, about: Known | None = None, *, depth: int) -> Any:
        """Returns what is known of the field, of one memory alone where it is `about` one; or `NOTHING`.

        It goes no deeper than `depth` schemas.
        """
        schema = resolved(schema, self._whole)
        if depth < 0:
            return NOTHING
        if alternatives := _alternatives(schema):
            beside = _beside(schema)
            found = (self.value({**beside, **each}, label, about, depth=depth - 1) for each in alternatives)
            return next((value for value in found if value is not NOTHING), NOTHING)
        if "const" in schema:
            return NOTHING
        if is_object(schema):
            return self._object(schema, label, about, depth)
        if "array" in _types(schema):
            return NOTHING if about else self._array(schema, label, depth)
        return self._scalar(schema, label, about)

    def _object(self, schema: Schema, label: Label, about: Known | None, depth: int) -> Any:
        known = {
            name: self.value(inner, label.of(name, _description(inner, self._whole)), about, depth=depth - 1)
            for name, inner in _properties(schema).items()
        }
        known = {name: value for name, value in known.items() if value is not NOTHING}
        known |= self._others(schema, label) if not (about or known) else {}
        if not known and label.name:
            return NOTHING
        whole = {**self._neutral(schema, known, depth), **known}
        return {name: whole[name] for name in (*_properties(schema), *known) if name in whole}

    def _others(self, schema: Schema, label: Label) -> dict[str, Any]:
        """Of an object with names of its own choice: the attributes beneath what it is called."""
        others = schema.get("additionalProperties")
        if not label.name or _properties(schema) or others is False:
            return {}
        beneath = self._knowledge.attributes_beneath(label)
        read = {name: _read(value, resolved(others, self._whole)) for name, value in beneath.items()}
        return {name: value for name, value in read.items() if value is not NOTHING}

    def _neutral(self, schema: Schema, known: Mapping[str, Any], depth: int) -> dict[str, Any]:
        """What the schema allows in place of what is not known: for what it requires, and its own defaults."""
        missing = {name: inner for name, inner in _properties(schema).items() if name not in known}
        required = schema.get("required", [])
        neutral = {name: self._empty(inner, depth - 1, is_required=name in required) for name, inner in missing.items()}
        return {name: value for name, value in neutral.items() if value is not NOTHING}

    def _empty(self, schema: Any, depth: int, *, is_required: bool) -> Any:
        schema = resolved(schema, self._whole)
        for value in (schema.get("default", NOTHING), schema.get("const", NOTHING) if is_required else NOTHING):
            if value is not NOTHING:
                return value
        if not is_required or depth < 0:
            return NOTHING
        empties: list[Any] = [None, "", [], *([{}, self._neutral(schema, {}, depth)] if is_object(schema) else [])]
        return next((value for value in empties if not misfits(self._standing(schema), value)), NOTHING)

    def _standing(self, schema: Schema) -> Schema:
        """The schema with the definitions that it may refer to."""
        return {**{name: self._whole[name] for name in ("$defs", "definitions") if name in self._whole}, **schema}

    def _array(self, schema: Schema, label: Label, depth: int) -> Any:
        items = resolved(schema.get("items", {}), self._whole)
        found = self._items(items, label, depth)
        return found[: int(schema.get("maxItems", len(found)))] or NOTHING

    def _items(self, items: Schema, label: Label, depth: int) -> list[Any]:
        if label.name in {"categories", "topics"} and "string" in _types(items):
            return _fitting(_distinct(self._knowledge.memories, label.name), items)
        is_all = label.name.lower() in ALL
        memories = self._knowledge.memories if is_all else self._knowledge.about(label)
        if is_object(items):
            objects = [self._object(items, label, memory, depth - 1) for memory in memories]
            return [each for each in objects if each is not NOTHING and not misfits(self._standing(items), each)]
        if set(_types(items)) & {"string"} or not _types(items):
            return _fitting([memory.text for memory in memories], items)
        return []

    def _scalar(self, schema: Schema, label: Label, about: Known | None) -> Any:
        own = self._own(schema, label, about)
        if own is not NOTHING:
            return own
        among = [about] if about else None
        value = self._knowledge.attribute(label, among)
        if value is not None and (read := _read(value, schema)) is not NOTHING:
            return read
        if "enum" in schema:
            return self._chosen(schema, label, among)
        if about or not ({"string"} & set(_types(schema))) or "format" in schema:
            return NOTHING
        nearest = self._knowledge.nearest(label, without_attributes=True)
        return _read(nearest.text, schema) if nearest else NOTHING

    def _own(self, schema: Schema, label: Label, about: Known | None) -> Any:
        """What the memory itself has under this name, or at the top of an object, whom all memories are about."""
        name = label.name.lower()
        if name in SCOPED:
            names = {memory.columns[name] for memory in ([about] if about else self._knowledge.memories)} - {None}
            return _read(names.pop(), schema) if len(names) == 1 else NOTHING
        if about is None:
            return NOTHING
        if name in TEXT:
            return _read(about.text, schema)
        if name in WHEN:
            return _read(moment(about.event_time or about.created_at) or "", schema)
        if name == "category" and about.categories:
            return _read(about.categories[0], schema)
        return NOTHING

    def _chosen(self, schema: Schema, label: Label, among: Sequence[Known] | None) -> Any:
        """The only one of the given values that the nearest memory names."""
        memory = among[0] if among else self._knowledge.nearest(label)
        if memory is None:
            return NOTHING
        words = f" {' '.join(memory.text.lower().replace('.', ' ').replace(',', ' ').split())} "
        named = [value for value in schema["enum"] if isinstance(value, str) and f" {value.lower()} " in words]
        return named[0] if len(named) == 1 else NOTHING


def _beside(schema: Schema) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key not in {"anyOf", "oneOf", "default"}}


def _types(schema: Schema) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _distinct(memories: Sequence[Known], name: str) -> list[str]:
    return list(dict.fromkeys(value for memory in memories for value in getattr(memory, name)))


def _fitting(texts: Sequence[str], schema: Schema) -> list[str]:
    return [text for text in dict.fromkeys(texts) if not misfits(schema, text)]


def _read(text: str, schema: Schema) -> Any:
    """The text as a value of the schema; `NOTHING` where it is none."""
    for value in _readings(text, schema):
        if not misfits(schema, value):
            return value
    return NOTHING


def _readings(text: str, schema: Schema) -> Iterator[Any]:
    if "enum" in schema:
        yield from (value for value in schema["enum"] if str(value).casefold() == text.casefold())
        return
    kinds = set(_types(schema))
    if kinds & {"integer", "number"}:
        yield from _numbers(text)
    if "boolean" in kinds and text.lower() in TRUE | FALSE:
        yield text.lower() in TRUE
    if "string" in kinds or not kinds:
        yield from _texts(text, schema.get("format"))


def _numbers(text: str) -> Iterator[Any]:
    plain = text.replace(",", "").strip()
    try:
        number = float(plain)
    except ValueError:
        return
    if abs(number) < 2**53:
        yield int(number) if number.is_integer() else number


def _texts(text: str, form: Any) -> Iterator[str]:
    """A day or moment is written as one; a text without either is none."""
    if form not in {"date", "date-time"}:
        yield text
        return
    try:
        read = dates.isoparse(text)
    except ValueError:
        return
    yield read.date().isoformat() if form == "date" else read.isoformat()
