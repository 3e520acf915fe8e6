"""Exports as the tests drive them: asked for by HTTP, made in this process, taken away by HTTP."""

from typing import Any

import orjson

from loci.tenancy.context import Tenant
from tests.conftest import Person
from tests.memories.support import Json, call, get, job_of
from workers.tasks.export import EXPORT
from workers.tasks.running import run

PROFILE: Json = {
    "type": "object",
    "properties": {
        "name": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "city": {"type": "string"},
        "pets": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["city", "pets"],
}
"""What many of these tests ask for."""


def ask(person: Person, **body: Any) -> str:
    """Asks for an export and returns its id."""
    response = call(person, "POST", "/v1/exports/", body)
    assert response.status_code == 201, response.content
    export_id: str = response.json()["id"]
    return export_id


def make(person: Person, export_id: str) -> None:
    """Takes the next step of an export, as a worker does."""
    run(EXPORT, Tenant(person.tenant.project_id), job_of(person, export_id).id)


def export(person: Person, **body: Any) -> str:
    """Asks for an export, makes it, and returns its id."""
    export_id = ask(person, **body)
    make(person, export_id)
    return export_id


def fetch(person: Person, **body: Any) -> Any:
    """Returns the response to who asks for the result of an export."""
    return call(person, "POST", "/v1/exports/get/", body)


def filled(person: Person, **body: Any) -> Any:
    """Returns the object that an export of Alex's memories comes to."""
    response = fetch(person, memory_export_id=export(person, **{"filters": {"user_id": "alex"}, **body}))
    assert response.status_code == 200, response.content
    return response.json()


def status(person: Person, export_id: str) -> Any:
    return get(person, f"/v1/exports/{export_id}/")


def download(person: Person, export_id: str) -> bytes:
    response = call(person, "GET", f"/v1/exports/{export_id}/download/")
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content)


def lines(person: Person, export_id: str, record: str = "memory") -> list[Json]:
    """Returns the records of a kind in a file."""
    rows = [orjson.loads(line) for line in download(person, export_id).splitlines()]
    return [row for row in rows if row["record"] == record]
