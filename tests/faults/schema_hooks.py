"""What Schemathesis must know of the API beside its description: which odd requests are right all the same.

Contract.md §17.5 has null and "" mean "absent", and DRF reads numbers and booleans from strings, and the one from the
other. The description does not say so of every parameter, for its reader's sake. So a request that Schemathesis takes
for a wrong one, and that was accepted, is no failure where it is right by these two rules.
"""

from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema_rs
import orjson
import schemathesis
from schemathesis.core import NotSet
from schemathesis.core.failures import AcceptedNegativeData, Failure

from loci.env import ROOT

Json = Any

_ABSENT: list[Json] = [{"type": "null"}, {"const": ""}]
_INTEGER, _NUMBER = r"[+-]?[0-9]+(\.0*)?", r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_ALSO_READ: dict[str, list[Json]] = {
    "boolean": [{"enum": [0, 1, "t", "y", "yes", "true", "on", "1", "f", "n", "no", "false", "off", "0", "null"]}],
    "integer": [{"type": "string", "pattern": rf"^\s*{_INTEGER}\s*$"}],
    "number": [{"type": "string", "pattern": rf"^\s*{_NUMBER}\s*$"}, {"type": "boolean"}],
    "string": [{"type": "number"}],
}


@schemathesis.hook
def filter_failure(_context: Any, failure: Failure, case: Any, response: Any) -> bool:
    """Keeps every failure but the acceptance of a request that is right by the rules above.

    A request line of more than 8 KB is refused by the server (414) before the application sees it.
    """
    return response.status_code != 414 and not (
        isinstance(failure, AcceptedNegativeData) and _is_right(case, response.request.url)
    )


def _is_right(case: Any, url: str) -> bool:
    operation = _lenient_description()["paths"][case.path][case.method.lower()]
    # As it was sent, where an empty object is an empty string. Of a repeated name the last one counts.
    query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    return _fits_body(operation, case.body) and all(
        _fits(parameter["schema"], query[parameter["name"]])
        for parameter in map(_resolved, operation["parameters"])
        if parameter["in"] == "query" and query.get(parameter["name"])
    )


def _fits_body(operation: Json, body: Json) -> bool:
    if "requestBody" not in operation or isinstance(body, NotSet):
        return True
    return _fits(operation["requestBody"]["content"]["application/json"]["schema"], body)


def _fits(schema: Json, value: Json) -> bool:
    return jsonschema_rs.is_valid({**schema, "components": _lenient_description()["components"]}, value)


def _resolved(part: Json) -> Json:
    if "$ref" not in part:
        return part
    *_, kind, name = part["$ref"].split("/")
    return _lenient_description()["components"][kind][name]


@cache
def _lenient_description() -> Json:
    return _lenient(orjson.loads((ROOT / "docs" / "openapi.json").read_bytes()))


def _lenient(part: Json) -> Json:
    """The description with every schema in it widened by the two rules."""
    if isinstance(part, list):
        return [_lenient(item) for item in part]
    if not isinstance(part, dict):
        return part
    inner = {key: _lenient(value) for key, value in part.items()}
    if isinstance(properties := inner.get("properties"), dict):
        required = inner.get("required", [])
        inner["properties"] = {
            name: schema if name in required else {"anyOf": [schema, *_ABSENT]} for name, schema in properties.items()
        }
    return _widened(inner)


def _widened(schema: Json) -> Json:
    types = schema.get("type")
    kinds = [types] if isinstance(types, str) else types or []
    also = [other for kind in kinds for other in _ALSO_READ.get(kind, [])]
    return {"anyOf": [schema, *also]} if also else schema
