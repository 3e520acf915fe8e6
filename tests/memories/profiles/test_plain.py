"""Without a model, names of properties lead to attributes and categories, and to nothing else."""

from typing import Any
from uuid import UUID

import pytest

from memories.lifecycle.profiles.plain import Material, filled
from memories.models import Memory

ATTRIBUTES = {
    "name": "Alex",
    "location": "Berlin",
    "age": "30",
    "work.role": "nurse",
    "relationship.status": "",
    "habit.smoking": "no",
    "smoker": "No",
    "plan": "PRO",
    "language.spanish": "learning",
    "language.german": "native",
    "allergy.peanuts": "not allergic",
    "allergy.milk": "allergic",
    "preference.tea": "likes",
    "preference.rain": "dislikes",
    "pet.rex": "dog",
}
MEMORIES = [
    Memory(project_id=UUID(int=1), text=text, categories=[category])
    for text, category in [("Has a sister", "family"), ("Plays chess", "hobbies"), ("Plays chess", "hobbies")]
]


def made(properties: Any, **schema: Any) -> Any:
    return filled({"type": "object", "properties": properties, **schema}, Material(ATTRIBUTES, MEMORIES))


@pytest.mark.parametrize(
    ("name", "schema", "value"),
    [
        ("city", {"type": "string"}, "Berlin"),
        ("jobTitle", {"type": "string"}, "nurse"),
        ("job-title", {"type": ["string", "null"]}, "nurse"),
        ("age", {"type": "integer"}, 30),
        ("age", {"anyOf": [{"type": "integer"}, {"type": "null"}]}, 30),
        ("smoker", {"type": "boolean"}, False),
        ("plan", {"type": "string", "enum": ["free", "pro"]}, "pro"),
        ("languages", {"type": "array", "items": {"type": "string"}}, ["spanish: learning", "german"]),
        ("allergies", {"type": "array"}, ["milk"]),
        ("likes", {"type": "array"}, ["tea"]),
        ("dislikes", {"type": "array"}, ["rain"]),
        ("pets", {"type": "array", "maxItems": 1}, ["rex: dog"]),
        ("family", {"type": "array"}, ["Has a sister"]),
        ("hobbies", {"$ref": "#/$defs/texts"}, ["Plays chess"]),
        ("about", {"type": "object", "properties": {"city": {"type": "string"}}}, {"city": "Berlin"}),
    ],
)
def test_a_property_is_filled_by_what_its_name_means(name: str, schema: Any, value: Any) -> None:
    assert made({name: schema}, **{"$defs": {"texts": {"type": "array"}}}) == {name: value}


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("shoe_size", {"type": "string"}),
        ("relationship_status", {"type": "string"}),
        ("city", {"type": "integer"}),
        ("city", {"type": "string", "maxLength": 3}),
        ("plan", {"type": "string", "enum": ["free"]}),
        ("city", {"type": "boolean"}),
        ("pets", {"type": "array", "items": {"type": "object"}}),
        ("pets", {"type": "array", "minItems": 2}),
        ("city", False),
    ],
)
def test_what_does_not_fit_stays_empty(name: str, schema: Any) -> None:
    assert made({name: schema, "name": {"type": "string"}}, required=["shoe_size"]) == {"name": "Alex"}


def test_a_schema_that_names_itself_is_filled_as_deep_as_it_is_known() -> None:
    node = {"type": "object", "properties": {"city": {"type": "string"}, "about": {"$ref": "#/$defs/node"}}}
    schema: Any = {"$ref": "#/$defs/node", "$defs": {"node": node}}
    assert filled(schema, Material(ATTRIBUTES, MEMORIES)) == {
        "city": "Berlin",
        "about": {"city": "Berlin", "about": {"city": "Berlin"}},
    }
