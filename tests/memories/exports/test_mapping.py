"""Which field gets what without a language model: what is known goes where it fits, and nothing is made up."""

from datetime import UTC, datetime
from typing import Any

import pytest

from memories.exports.knowledge import Known
from memories.exports.mapping import Unfillable, filled
from memories.exports.schemas import read_schema
from tests.memories.support import Json

SAID = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


def known(text: str, *categories: str, user: str = "alex", **attributes: str) -> Known:
    columns = {"user_id": user, "agent_id": None, "app_id": None, "run_id": None}
    pairs = tuple((key.replace("__", "."), value) for key, value in attributes.items())
    return Known(text, categories, (), columns, SAID, None, pairs)


ALEX = [
    known("Lives in San Francisco", "personal_details", location="San Francisco"),
    known("Lives in Rome", "personal_details", location="Rome"),
    known("Works as a nurse", "professional_details", work__role="nurse"),
    known("Does not like cheese", "food", preference__cheese="dislikes"),
    known("Is 34 years old", "personal_details", age="34"),
    known("Loves hiking in the mountains", "hobbies"),
    known("Is vegetarian", "food", diet="vegetarian"),
    known("Was born on 2 May 1991", "personal_details", birthday="1991-05-02"),
    known("Is married", married="yes"),
    known("Is allergic to peanuts", "health"),
]

STRING: Json = {"type": "string"}
OPTIONAL: Json = {"anyOf": [STRING, {"type": "null"}]}
ITEM: Json = {
    "type": "object",
    "properties": {"text": STRING, "category": STRING, "date": {"type": "string", "format": "date"}},
    "required": ["text"],
}


@pytest.mark.parametrize(
    ("name", "schema", "value"),
    [
        ("city", STRING, "San Francisco"),
        ("currentLocation", STRING, "San Francisco"),
        ("job_title", OPTIONAL, "nurse"),
        ("age", {"type": "integer"}, 34),
        ("age", {"type": "number", "minimum": 18}, 34),
        ("age", STRING, "34"),
        ("birthday", {"type": "string", "format": "date"}, "1991-05-02"),
        ("is_married", {"type": "boolean"}, True),
        ("married", {"type": "boolean"}, True),
        ("diet", {"enum": ["Vegan", "Vegetarian"]}, "Vegetarian"),
        ("hobbies", {"type": "array", "items": STRING}, ["Loves hiking in the mountains"]),
        ("allergies", {"type": "array", "items": STRING}, ["Is allergic to peanuts"]),
        ("food", {"type": "array", "items": STRING, "maxItems": 1}, ["Does not like cheese"]),
        ("preferences", {"type": "object", "additionalProperties": STRING}, {"cheese": "dislikes"}),
        ("user_id", STRING, "alex"),
        ("work", {"type": "object", "properties": {"role": STRING, "salary": {"type": "number"}}}, {"role": "nurse"}),
        ("hobbies", {"type": "array", "items": ITEM}, [
            {"text": "Loves hiking in the mountains", "category": "hobbies", "date": "2026-01-15"}
        ]),
        ("categories", {"type": "array", "items": STRING, "maxItems": 2}, ["personal_details", "professional_details"]),
    ],
    ids=str,
)  # fmt: skip
def test_a_field_gets_what_fits_it(name: str, schema: Json, value: Any) -> None:
    whole = read_schema({"type": "object", "properties": {name: schema}})
    assert filled(whole, ALEX).get(name) == value


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (STRING, ""),
        (OPTIONAL, None),
        ({"type": "array", "items": STRING}, []),
        ({"type": "object", "properties": {"number": STRING}, "required": ["number"]}, {"number": ""}),
        ({"type": "integer", "default": 7}, 7),
        ({"const": "v1"}, "v1"),
    ],
    ids=str,
)
def test_what_nobody_said_stays_empty(schema: Json, value: Any) -> None:
    whole = {"type": "object", "properties": {"credit_card": schema}, "required": ["credit_card"]}
    assert filled(read_schema(whole), ALEX) == {"credit_card": value}
    del whole["required"]
    assert filled(read_schema(whole), ALEX) == ({"credit_card": 7} if value == 7 else {})


@pytest.mark.parametrize(
    "schema",
    [{"type": "integer"}, {"type": "boolean"}, {"enum": ["a", "b"]}, {**STRING, "minLength": 1}],
    ids=str,
)
def test_what_is_demanded_and_not_known_is_named(schema: Json) -> None:
    whole = {"type": "object", "properties": {"credit_card": schema}, "required": ["credit_card"]}
    with pytest.raises(Unfillable, match="credit_card is missing"):
        filled(read_schema(whole), ALEX)


def test_the_newest_of_two_values_is_taken() -> None:
    whole = read_schema({"type": "object", "properties": {"city": STRING}})
    assert filled(whole, ALEX[1:]) == {"city": "Rome"}


def test_a_definition_that_names_itself_ends() -> None:
    node = {"type": "object", "properties": {"name": STRING, "child": {"$ref": "#/$defs/Node"}}}
    whole = read_schema({"type": "object", "$defs": {"Node": node}, "properties": {"root": {"$ref": "#/$defs/Node"}}})
    assert filled(whole, [known("Is called Alex", name="Alex")])["root"]["name"] == "Alex"


def test_a_list_of_everything_holds_everything() -> None:
    whole = read_schema({"type": "object", "properties": {"memories": {"type": "array", "items": ITEM}}})
    assert [each["text"] for each in filled(whole, ALEX)["memories"]] == [memory.text for memory in ALEX]


def test_definitions_that_name_each_other_again_and_again_end_early() -> None:
    node = {"type": "object", "properties": {name: {"$ref": "#/$defs/Node"} for name in ("name", *map(str, range(40)))}}
    whole = {
        "type": "object",
        "$defs": {"Node": node},
        "properties": {"city": STRING, "root": {"$ref": "#/$defs/Node"}},
    }
    assert filled(read_schema(whole), ALEX) == {"city": "San Francisco"}


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"$ref": "#/$defs/Node"}, "city is missing"),
        ({"$ref": "#/$defs/Loop"}, "refer to each other without end"),
    ],
    ids=str,
)
def test_what_can_never_be_filled_is_told(schema: Json, says: str) -> None:
    node = {"type": "object", "properties": {"child": {"$ref": "#/$defs/Node"}}, "required": ["child"]}
    definitions = {"Node": node, "Loop": {"anyOf": [{"$ref": "#/$defs/Loop"}]}}
    whole = {"type": "object", "$defs": definitions, "properties": {"city": schema}, "required": ["city"]}
    with pytest.raises(Unfillable, match=says):
        filled(read_schema(whole), ALEX)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "array", "items": STRING, "maxItems": 1.0}, ["Is allergic to peanuts"]),
        ({"anyOf": [True, {"type": "array", "items": STRING}]}, ["Is allergic to peanuts"]),
    ],
    ids=str,
)
def test_unusual_schemas_are_filled_too(schema: Json, value: Any) -> None:
    assert filled(read_schema({"type": "object", "properties": {"allergies": schema}}), ALEX) == {"allergies": value}
