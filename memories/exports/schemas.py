"""The schema of an export as it was sent: an object or a text, and perhaps in another spelling (contract.md §9.1)."""

from typing import Any

import orjson

from loci.http.parser import check_tree
from memories.exports.spelling import as_written
from memories.json_schemas import InvalidSchema, Json, checked


def read_schema(given: Any) -> Json:
    """Returns the schema that was sent as an object, or as a text that holds one. Raises `InvalidSchema`."""
    try:
        schema = orjson.loads(given) if isinstance(given, str) else given
        check_tree(schema)
    except ValueError as error:
        raise InvalidSchema(f"It is no acceptable JSON: {error}") from None
    return checked(as_written(schema))
