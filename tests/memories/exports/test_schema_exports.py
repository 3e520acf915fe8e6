"""Objects that fit the application's schema (contract.md §9.1, §9.2), without a language model."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pydantic import BaseModel, Field

from loci.tenancy.context import tenant_tx
from memories.exports import expiring
from memories.models import Blob, Event, Export
from tests.conftest import Person
from tests.memories.exports.support import PROFILE, ask, export, fetch, filled, make, status
from tests.memories.support import NOBODYS_ID, Json, add, call, event, keep

ALEX = {"user_id": "alex"}


class Home(BaseModel):
    city: str | None = None
    country: str | None = None


class Pet(BaseModel):
    text: str = Field(description="What is known of the pet")
    color: str | None = None


class Profile(BaseModel):
    name: str
    home: Home
    pets: list[Pet]
    nickname: str | None


@pytest.fixture
def told(alice: Person) -> Person:
    """Alice's project knows of Alex what he said himself."""
    add(alice, "My name is Alex. I live in San Francisco. I have a dog called Rufus.")
    return alice


def refusal(person: Person, **body: Any) -> Json:
    response = call(person, "POST", "/v1/exports/", body)
    assert response.status_code == 400, response.content
    refused: Json = response.json()
    return refused


def test_a_schema_is_filled_from_attributes_and_memories(told: Person) -> None:
    keep(told, "Lives in Oslo", user_id="blake")
    assert filled(told, schema=PROFILE) == {
        "name": "Alex",
        "city": "San Francisco",
        "pets": ["Has a dog named Rufus"],
    }


def test_a_schema_of_pydantic_with_definitions_may_come_as_text(told: Person) -> None:
    assert filled(told, schema=json.dumps(Profile.model_json_schema())) == {
        "name": "Alex",
        "home": {"city": "San Francisco", "country": None},
        "pets": [{"text": "Has a dog named Rufus", "color": None}],
        "nickname": None,
    }


@pytest.mark.parametrize("asked", [{"filters": ALEX}, ALEX, {"userId": "alex", "projectId": None, "orgId": ""}])
def test_filters_find_the_newest_export_that_was_made_with_them(told: Person, asked: Json) -> None:
    export(told, schema=PROFILE, filters={"AND": [{"user_id": "blake"}]})
    export(told, schema={"type": "object", "properties": {"old": {"type": "string"}}}, user_id="alex")
    export(told, schema=PROFILE, exportInstructions="Be brief.", **asked)
    assert fetch(told, **asked).json()["city"] == "San Francisco"
    assert fetch(told, filters={"user_id": "alex"}).json()["city"] == "San Francisco"
    assert call(told, "GET", "/v1/exports/?user_id=alex").json()["city"] == "San Francisco"


def test_an_answer_says_who_filled_it(told: Person) -> None:
    export_id = export(told, schema=PROFILE, user_id="alex")
    for path in ("/v1/exports/get/", "/v1/exports/get"):
        response = call(told, "POST", path, {"memory_export_id": export_id})
        assert response["X-Export-Method"] == "deterministic"
    assert call(told, "GET", f"/v1/exports/?memory_export_id={export_id}")["X-Export-Method"] == "deterministic"
    seen = event(told, export_id)
    assert [seen["event_type"], seen["status"]] == ["EXPORT", "SUCCEEDED"]
    assert seen["results"][0]["method"] == status(told, export_id)["method"] == "deterministic"


def test_one_that_is_not_ready_is_waited_for_and_then_pending(told: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    export_id = ask(told, schema=PROFILE, user_id="alex")
    monkeypatch.setattr("memories.api.exporting.WAIT_MS", 50)
    assert fetch(told, memory_export_id=export_id).json()["status"] == "PENDING"

    monkeypatch.setattr("memories.api.exporting.WAIT_MS", 20_000)
    worker = threading.Timer(0.1, make, [told, export_id])
    worker.start()
    try:
        assert fetch(told, memory_export_id=export_id).json()["city"] == "San Francisco"
    finally:
        worker.join()


@pytest.mark.parametrize("schema", [None, "", "{", "[]", 7, {}, {"type": "string"}, {"type": "nothing"}], ids=str)
def test_what_is_no_schema_is_refused_in_the_words_of_the_contract(alice: Person, schema: Any) -> None:
    assert refusal(alice, schema=schema, **ALEX)["message"] == "Schema is required and must be a valid object"


def test_an_export_without_an_entity_is_refused_in_the_words_of_the_contract(alice: Person) -> None:
    words = "One of the filters: app_id, user_id, agent_id, run_id, memory_export_id is required!"
    assert refusal(alice, schema=PROFILE)["error"] == words
    assert refusal(alice, schema=PROFILE, filters={"NOT": [ALEX]})["error"] == words
    assert fetch(alice).json()["error"] == words


@pytest.mark.parametrize("wanted", [{"memory_export_id": NOBODYS_ID}, {"memory_export_id": "x"}, ALEX], ids=str)
def test_an_unknown_export_is_not_found(alice: Person, wanted: Json) -> None:
    response = fetch(alice, **wanted)
    assert response.status_code == 404
    assert response.json()["error"] == "No memory export request found"


def test_a_schema_that_demands_what_is_not_known_fails_with_the_reason(told: Person) -> None:
    demanding = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    response = fetch(told, memory_export_id=export(told, schema=demanding, user_id="alex"))
    assert response.status_code == 400
    assert "age is missing" in response.json()["error"]


def test_only_what_is_shown_in_lists_is_filled_in(told: Person) -> None:
    keep(told, "Has a parrot", expiration_date="2020-01-01")
    assert filled(told, schema=PROFILE)["pets"] == ["Has a dog named Rufus"]


def test_an_expired_export_is_gone_and_its_content_is_removed(told: Person) -> None:
    export_id = export(told, schema=PROFILE, user_id="alex")
    other = export(told, schema=PROFILE, user_id="alex")
    with tenant_tx(told.tenant):
        Export.objects.filter(id=export_id).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert fetch(told, memory_export_id=export_id).status_code == 404
    for _ in range(3):
        with tenant_tx(told.tenant):
            expiring.prune(timezone.now(), 1)
    with tenant_tx(told.tenant):
        assert expiring.prune(timezone.now(), 1) == 0
        assert [str(blob.event_id) for blob in Blob.objects.all()] == [other]
        assert [str(left.id) for left in Export.objects.all()] == [other]
        assert Event.objects.filter(id=export_id).exists()


def test_a_deleted_export_is_gone_also_while_it_is_made(told: Person) -> None:
    done, open_one = export(told, schema=PROFILE, user_id="alex"), ask(told, schema=PROFILE, user_id="alex")
    for export_id in (done, open_one):
        assert call(told, "DELETE", f"/v1/exports/{export_id}/").status_code == 200
        assert call(told, "DELETE", f"/v1/exports/{export_id}/").status_code == 404
        assert fetch(told, memory_export_id=export_id).status_code == 404
    make(told, open_one)
    assert event(told, open_one)["error"] == "The export was deleted."
    with tenant_tx(told.tenant):
        assert not Blob.objects.exists()


def test_an_idempotency_key_makes_one_export(told: Person) -> None:
    body = {"schema": PROFILE, "user_id": "alex"}
    first, second = (
        call(told, "POST", "/v1/exports/", body, **{"idempotency-key": "one"}).json()["id"] for _ in range(2)
    )
    assert first == second
