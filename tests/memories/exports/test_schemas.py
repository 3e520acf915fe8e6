"""The schema of an export is read as it was meant: from a text too, and with the spelling that a client gave it."""

import pytest

from memories.exports.schemas import read_schema
from memories.json_schemas import InvalidSchema, misfits
from tests.memories.support import Json


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "null", '{"a": 1e999}', "{}"])
def test_a_text_that_holds_no_object_is_refused(text: str) -> None:
    with pytest.raises(InvalidSchema, match="JSON"):
        read_schema(text)


def test_a_schema_that_a_client_has_spelt_anew_is_read_as_it_was_written() -> None:
    schema = read_schema(
        {
            "type": "object",
            "$defs": {"_pet": {"type": "object", "properties": {"a": {"type": "string", "max_length": 1}}}},
            "properties": {"home_town": {"any_of": [{"type": "string"}]}, "any_of": {"$ref": "#/$defs/Pet"}},
            "required": ["homeTown"],
            "additional_properties": False,
        }
    )
    assert misfits(schema, {"home_town": "Rome", "any_of": {"a": "b"}}) == []
    assert len(misfits(schema, {"homeTown": "Rome", "any_of": {"a": "bc"}})) == 3


def test_names_that_are_spelt_as_meant_stay() -> None:
    schema: Json = {
        "type": "object",
        "$defs": {"Pet": {}, "_pet": {}, "a/_b": {}},
        "properties": {"homeTown": {"$ref": "#/$defs/Pet"}, "a": {"$ref": "#/$defs/a~1B"}, "b": {"$ref": "#"}},
        "required": ["homeTown"],
    }
    read = read_schema(schema)
    assert read == {**schema, "properties": {**schema["properties"], "a": {"$ref": "#/$defs/a~1_b"}}}
