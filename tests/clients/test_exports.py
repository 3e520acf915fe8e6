"""Exports by the official clients: a schema of Pydantic with definitions, and what it comes to."""

import time
from typing import Any
from uuid import uuid4

from pydantic import BaseModel

from tests.clients.driver import Client
from tests.clients.releases import RELEASES, only
from tests.clients.steps import refused, remember
from tests.clients.untested import UPSTREAM

READY_S = 120
WITH_EXPORTS = [release for release in RELEASES if (release, "create_memory_export") not in UPSTREAM]


class Pet(BaseModel):
    text: str


class Profile(BaseModel):
    pets: list[Pet]
    home_town: str | None


@only(WITH_EXPORTS)
def test_an_export_comes_to_an_object_that_fits_its_schema(client: Client, user: str) -> None:
    remember(client, user, "Has a dog named Rufus")
    schema, filters = Profile.model_json_schema(), {"user_id": user}
    asked = client.create_memory_export(schema=schema, filters=filters)
    expected = {"pets": [{"text": "Has a dog named Rufus"}], "home_town": None}
    assert _ready(client, memory_export_id=asked["id"]) == expected
    assert _ready(client, filters=filters) == expected


@only(WITH_EXPORTS)
def test_an_export_that_is_not_there_is_refused(client: Client) -> None:
    with refused(client, "MemoryNotFoundError", "No memory export request found"):
        client.get_memory_export(memory_export_id=str(uuid4()))


def _ready(client: Client, **wanted: Any) -> Any:
    deadline = time.monotonic() + READY_S
    while True:
        answer = client.get_memory_export(**wanted)
        if "status" not in answer or time.monotonic() > deadline:
            return answer
