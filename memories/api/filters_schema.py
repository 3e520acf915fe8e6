"""The grammar of filters, for the API's description: `memories.retrieval.filters` reads them (contract.md §4)."""

from typing import Any

from memories.retrieval.filters.parser import ENTITY_FIELDS, MAX_DEPTH, MAX_NODES
from memories.retrieval.filters.values import MAX_CATEGORY_CHARS, MAX_ID_CHARS, MAX_LIST, MAX_TEXT_CHARS

Json = dict[str, Any]

FILTERS_REFERENCE: Json = {"$ref": "#/components/schemas/Filters"}

_DATE: Json = {
    "type": "string",
    "description": (
        "An ISO date or date-time; without an offset it is UTC. A date alone is the whole day, but its midnight after"
        " `gt`, `gte`, `lt` and `lte`."
    ),
}
_SCALAR: Json = {"type": ["string", "number", "boolean"]}


def _text(most: int) -> Json:
    return {"type": "string", "minLength": 1, "maxLength": most}


def _list(of: Json) -> Json:
    return {"type": "array", "items": of, "minItems": 1, "maxItems": MAX_LIST}


def _conditions() -> Json:
    return {"type": "array", "items": FILTERS_REFERENCE, "minItems": 1, "maxItems": MAX_NODES}


def _field(description: str, *, bare: list[Json], **operators: Json) -> Json:
    """A field: a bare value, or an object of operators, all of which must hold."""
    by_operator = {"type": "object", "properties": operators, "additionalProperties": False, "minProperties": 1}
    return {"description": description, "anyOf": [*bare, by_operator]}


def _entity(name: str) -> Json:
    one = {**_text(MAX_ID_CHARS), "type": ["string", "integer"]}
    return _field(
        f"The {name.removesuffix('_id')}'s id; `*` is any.",
        bare=[one, _list(one)],
        eq=one,
        ne=one,
        **{"in": _list(one)},
    )


def _date(description: str) -> Json:
    order = dict.fromkeys(("gt", "gte", "lt", "lte", "ne"), _DATE)
    return _field(description, bare=[_DATE, _list(_DATE)], **order, **{"in": _list(_DATE)})


def _words(description: str) -> Json:
    text = _text(MAX_TEXT_CHARS)
    return _field(description, bare=[text], contains=text, icontains=text)


_CATEGORY = _text(MAX_CATEGORY_CHARS)
_ID: Json = {"type": "string", "format": "uuid"}

FILTERS: Json = {
    "type": "object",
    "description": (
        "Conditions that must all hold: fields, and `AND`, `OR` and `NOT` of further conditions, nested at most"
        f" {MAX_DEPTH} deep, at most {MAX_NODES} altogether. A field that is not mentioned may have any value. At least"
        " one entity id must be asked for outside of `NOT`. `metadata.key` asks for one key; its operators are `eq`,"
        " `ne`, `in`, `gt`, `gte`, `lt`, `lte`, `contains` and `exists`."
    ),
    "properties": {
        "AND": _conditions() | {"description": "All of these."},
        "OR": _conditions() | {"description": "At least one of these."},
        "NOT": {"description": "None of these.", "anyOf": [FILTERS_REFERENCE, _conditions()]},
        **{name: _entity(name) for name in ENTITY_FIELDS},
        "created_at": _date("When it was said."),
        "timestamp": _date("When it was said."),
        "updated_at": _date("When the memory was changed last."),
        "expiration_date": _date("The last day on which it is found."),
        "categories": _field(
            "Categories of which it has one; `contains` asks for a part of one.",
            bare=[_CATEGORY, _list(_CATEGORY)],
            contains=_CATEGORY,
            **{"in": _list(_CATEGORY)},
        ),
        "metadata": {"type": "object", "description": "Keys and values or operators."},
        "keywords": _words("A part of the text; only `contains` heeds capitals."),
        "keywords_search": _words("The same as `keywords`."),
        "text": _words("The same as `keywords`."),
        "memory_ids": _field("Ids of memories.", bare=[_ID, _list(_ID)], **{"in": _list(_ID)}),
    },
    "patternProperties": {r"^metadata\..": {"anyOf": [_SCALAR, {"type": ["array", "object", "null"]}]}},
    "additionalProperties": False,
    "examples": [
        {"user_id": "alex"},
        {"AND": [{"user_id": "alex"}, {"OR": [{"categories": {"in": ["food"]}}, {"metadata": {"trip": "Rome"}}]}]},
    ],
}


def with_filters(result: Json, **_: Any) -> Json:
    """Returns the description with the grammar among its components, where `FILTERS_REFERENCE` finds it."""
    result["components"]["schemas"]["Filters"] = FILTERS
    return result
