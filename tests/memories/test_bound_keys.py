"""Keys that are bound to one user, agent or app see and change what is theirs, and nothing else (design.md §2).

Alice's project knows Alex and Blake, and the agent Ada, who talks to Alex. Nothing here depends on the ORM's own
scoping: the policies of the database hold the bounds.
"""

import json
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from loci.tenancy.context import org_tx, tenant_tx
from memories.models import Attribute, Blob, Event, Memory, Message
from memories.models import Entity as EntityRow
from orgs.models import AuditEntry, Project, User
from orgs.roles import BOUND_SCOPES
from orgs.services.api_keys import create_api_key
from tests.conftest import Person, Services, SetUp, make_person
from tests.fakes.llm import FakeLLM
from tests.http.endpoints import Endpoint, json_endpoints
from tests.memories.support import (
    Json,
    add,
    call,
    delete,
    event,
    fact,
    facts,
    get,
    history,
    job_of,
    keep,
    listed,
    lives_in,
    memory,
    post,
    put,
    queue,
    relation,
    search,
    supersede,
    texts,
    verdicts,
    work,
)
from tests.orgs.support import with_key
from tests.tenancy.rows import everything
from workers.tasks.add import ADD
from workers.tasks.running import run

BOTH = {"user_id": "alex", "agent_id": "ada"}
OPEN = {
    "GET /v1/ping/",
    "GET /v1/quarantine/",
    "GET /v1/reviews/",
    "GET /v1/reviews/<str:review_id>/",
    "GET /v2/entities/<str:entity_type>/<path:entity_id>/profile/",
    "POST /v1/summary/",
    "POST /v1/feedback/",
    "POST /v1/memories/",
    "GET /v1/memories/",
    "POST /v2/memories/",
    "POST /v3/memories/",
    "POST /v3/memories/add/",
    "POST /v1/memories/search/",
    "POST /v2/memories/search/",
    "POST /v3/memories/search/",
    "GET /v1/memories/events/",
    "GET /v1/memories/<str:memory_id>/",
    "PUT /v1/memories/<str:memory_id>/",
    "DELETE /v1/memories/<str:memory_id>/",
    "GET /v1/memories/<memory:memory_id>/history/",
    "PUT /v1/memories/batch/",
    "DELETE /v1/memories/batch/",
    "PUT /v1/batch/",
    "DELETE /v1/batch/",
    "GET /v1/event/<str:event_id>/",
    "GET /v1/events/",
    "GET /v1/entities/<str:entity_type>/<path:entity_name>/attributes/",
    "GET /v1/entities/<str:entity_type>/<path:entity_name>/attributes/<str:key>/",
}


def bound(person: Person, entity: str) -> Person:
    """Returns the person with a key that is bound to the entity."""
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        project = Project.objects.get(id=person.tenant.project_id)
    key = create_api_key(
        project=project,
        maker=User.objects.get(email=person.email),
        name=entity,
        scopes=tuple(sorted(BOUND_SCOPES)),
        entity=entity,
    )
    return replace(person, key=key, client=with_key(key))


@dataclass(frozen=True)
class Cast:
    """Alice, her key for Alex, her key for Ada, and a memory of each kind."""

    alice: Person
    alex: Person
    ada: Person
    of_alex: str
    of_blake: str
    of_both: str
    of_ada: str


@pytest.fixture(params=[True, False], ids=["managers and policies", "policies alone"])
def cast(set_up: SetUp, settings: Any, request: pytest.FixtureRequest) -> Cast:
    """The project, with the ORM's scoping and without."""
    settings.TENANT_ORM_SCOPING = request.param
    return set_up("the cast of bound keys", new_cast)


def new_cast() -> Cast:
    alice = make_person("alice@example.com")
    return Cast(
        alice,
        bound(alice, "user:alex"),
        bound(alice, "agent:ada"),
        of_alex=keep(alice, "Alex likes tea"),
        of_blake=keep(alice, "Blake likes tea", user_id="blake"),
        of_both=keep(alice, "Ada told Alex about tea", **BOTH),
        of_ada=keep(alice, "Ada likes tea", user_id=None, agent_id="ada"),
    )


EVERYBODY = {"OR": [{"user_id": "*"}, {"agent_id": "*"}]}
OF_ALEX = {"Alex likes tea", "Ada told Alex about tea"}
OF_ADA = {"Ada likes tea", "Ada told Alex about tea"}


def test_lists_and_searches_find_what_is_the_entity_s(cast: Cast) -> None:
    for person, own in [(cast.alex, OF_ALEX), (cast.ada, OF_ADA)]:
        assert set(texts(person, EVERYBODY)) == own
        assert {hit["memory"] for hit in search(person, "tea", EVERYBODY, threshold=0)} == own
        for version in ("v1", "v2"):
            body = {"query": "tea", "filters": EVERYBODY, "threshold": 0}
            assert {hit["memory"] for hit in post(person, f"/{version}/memories/search/", **body)} <= own
            assert {row["memory"] for row in post(person, "/v2/memories/", filters=EVERYBODY)} == own
        assert {row["memory"] for row in get(person, "/v1/memories/?user_id=*")} == own - {"Ada likes tea"}


def test_a_memory_of_another_entity_is_like_one_that_never_was(cast: Cast, services: Services) -> None:
    before = everything(services, cast.alice.tenant)
    for kept in (cast.of_blake, cast.of_ada):
        for method, path, body in [
            ("GET", "/v1/memories/{}/", None),
            ("GET", "/v1/memories/{}/history/", None),
            ("PUT", "/v1/memories/{}/", {"text": "Taken"}),
            ("PUT", "/v1/memories/{}/", {"metadata": {"a": 1}}),
            ("DELETE", "/v1/memories/{}/", None),
            ("DELETE", "/v1/memories/{}/?delete_linked=true", None),
            ("PUT", "/v1/batch/", {"memories": [{"memory_id": "{}", "text": "Taken"}]}),
            ("DELETE", "/v1/batch/", {"memory_ids": ["{}", cast.of_alex]}),
        ]:
            assert _refusal(cast.alex, method, path, body, kept) == _refusal(cast.alex, method, path, body, UNKNOWN)
    after = everything(services, cast.alice.tenant)
    assert [table for table in before if table != "api_key" and before[table] != after[table]] == []


UNKNOWN = "01930000-0000-7000-8000-000000000000"


def _refusal(person: Person, method: str, path: str, body: Json | None, memory_id: str) -> Json:
    filled = json.loads(json.dumps(body).replace("{}", memory_id)) if body else None
    response = call(person, method, path.replace("{}", memory_id), filled)
    assert response.status_code == 404, response.content
    said: Json = response.json()
    return said | {"request_id": "", "memory_ids": [each.replace(memory_id, "") for each in said["memory_ids"]]}


def test_the_entity_s_own_memories_are_read_changed_and_deleted(cast: Cast) -> None:
    assert memory(cast.ada, cast.of_both)["memory"] == "Ada told Alex about tea"
    assert put(cast.ada, cast.of_both, text="Ada praised tea")["memory"] == "Ada praised tea"
    assert [entry["new_memory"] for entry in history(cast.ada, cast.of_both)][-1] == "Ada praised tea"
    delete(cast.ada, f"/v1/memories/{cast.of_both}/")
    assert call(cast.alice, "GET", f"/v1/memories/{cast.of_both}/").status_code == 404
    assert call(cast.ada, "PUT", "/v1/batch/", {"memories": [{"memory_id": cast.of_ada, "text": "Ada"}]}).json()
    assert call(cast.ada, "DELETE", "/v1/memories/batch/", {"memory_ids": [cast.of_ada]}).status_code == 200
    assert texts(cast.ada, EVERYBODY) == []


def test_the_history_of_all_memories_is_that_of_the_entity_s(cast: Cast) -> None:
    named = {entry["memory_id"] for entry in get(cast.alex, "/v1/memories/events/")["results"]}
    assert named == {cast.of_alex, cast.of_both}


def test_an_add_must_name_the_entity_itself(cast: Cast) -> None:
    kept = number_of_rows(cast)
    for path in ("/v1/memories/", "/v3/memories/add/"):
        for scope in [{"user_id": "blake"}, {"agent_id": "alex"}, {"run_id": "alex"}, {"user_id": "ALEX"}]:
            for more in [{}, {"infer": False}, {"async_mode": False}]:
                response = call(cast.alex, "POST", path, {"messages": "I like air.", **scope, **more})
                assert response.status_code == 403, (path, scope)
                assert response.json()["detail"] == "This API key is bound to one user: name it in user_id."
    assert number_of_rows(cast) == kept
    added = add(cast.alex, "I like air.", infer=False, agent_id="ada", run_id="r1")
    assert [result["memory"] for result in added["results"]] == ["I like air."]


def number_of_rows(cast: Cast) -> list[int]:
    with tenant_tx(cast.alice.tenant):
        return [model.objects.count() for model in (Event, Message, Memory, EntityRow)]


def test_events_are_those_of_the_entity(cast: Cast) -> None:
    shown = {row["id"] for row in get(cast.alex, "/v1/events/?event_type=ADD")["results"]}
    with tenant_tx(cast.alice.tenant):
        own, others = (
            {str(each) for each in Event.objects.filter(user_id=who).values_list("id", flat=True)}
            for who in ("alex", "blake")
        )
    assert shown == own
    for other in others:
        assert call(cast.alex, "GET", f"/v1/event/{other}/").status_code == 404


def test_every_other_operation_is_refused(cast: Cast, services: Services) -> None:
    before = everything(services, cast.alice.tenant)
    for endpoint in json_endpoints("loci.urls"):
        if str(endpoint) in OPEN or _is_public(endpoint):
            continue
        response = cast.alex.client.generic(endpoint.method, endpoint.path, "{}", "application/json")
        assert response.status_code in {403, 404}, endpoint
        about_alex = endpoint.path.replace("nobody", "alex") + "?user_id=alex"
        response = cast.alex.client.generic(endpoint.method, about_alex, "{}", "application/json")
        assert response.status_code in {403, 404}, endpoint
    after = everything(services, cast.alice.tenant)
    changed = {table for table in before if before[table] != after[table]}
    assert changed <= {"audit_entry", "api_key", "request_log"}


def _is_public(endpoint: Endpoint) -> bool:
    return Client().generic(endpoint.method, endpoint.path, "{}", "application/json").status_code != 401


def test_what_is_open_is_answered(cast: Cast) -> None:
    opened = {str(endpoint) for endpoint in json_endpoints("loci.urls")} & OPEN
    assert opened == OPEN
    for method, path, body in [
        ("GET", "/v1/ping/", None),
        ("GET", "/v1/memories/?user_id=alex", None),
        ("GET", "/v1/events/", None),
        ("GET", "/v1/quarantine/", None),
        ("GET", "/v1/memories/events/", None),
        ("POST", "/v1/memories/", {"messages": "I like air.", "user_id": "alex"}),
    ]:
        assert call(cast.alex, method, path, body).status_code == 200, path


def test_a_refusal_is_in_the_audit_log(alice: Person) -> None:
    alex = bound(alice, "user:alex")
    call(alex, "DELETE", "/v1/memories/?user_id=alex")
    call(alex, "POST", "/v3/memories/add/", {"messages": "I like air.", "user_id": "blake"})
    assert alice.tenant.org_id
    with org_tx(alice.tenant.org_id):
        denied = AuditEntry.objects.filter(outcome="denied", object_type="request").order_by("number")
        assert len(denied) == 2


def by_request(person: Person, text: str, **scope: Any) -> Json:
    """Adds within the request."""
    return add(person, text, **scope)


def by_worker(person: Person, text: str, **scope: Any) -> Json:
    """Adds by a worker, who knows the project only."""
    return work(person, queue(person, text, **scope))


both_ways = pytest.mark.parametrize("adding", [by_request, by_worker])


@both_ways
def test_a_bound_add_is_shown_to_a_model_with_the_entity_s_memories_only(
    alice: Person, llm: FakeLLM, adding: Any
) -> None:
    ada = bound(alice, "agent:ada")
    keep(alice, "Alex has a secret about tea")
    keep(alice, "Ada told Alex about tea", **BOTH)
    llm.script(facts())
    adding(ada, "Something about tea.", **BOTH)
    asked = json.dumps(llm.requests[-1])
    assert "Ada told Alex about tea" in asked
    assert "secret" not in asked


@both_ways
def test_a_bound_add_changes_no_attribute_of_another_entity(alice: Person, llm: FakeLLM, adding: Any) -> None:
    llm.script(facts(lives_in("Rome")))
    rome = add(alice, "I live in Rome.")["results"][0]["id"]
    llm.script(facts(lives_in("Oslo")))
    done = adding(bound(alice, "agent:ada"), "I live in Oslo.", **BOTH)
    assert verdicts(done) == ["stored"]
    assert "Rome" not in json.dumps(done)
    assert memory(alice, rome)["lifecycle_state"] == "active"
    with tenant_tx(alice.tenant):
        assert list(Attribute.objects.values_list("value", "memory_id")) == [("Rome", UUID(rome))]


@both_ways
def test_a_bound_add_reads_its_own_files_and_sees_no_other_ones(alice: Person, llm: FakeLLM, adding: Any) -> None:
    document = [{"role": "user", "content": {"type": "txt_url", "txt_url": "data:,I%20live%20in%20Oslo."}}]
    queue(alice, document, user_id="blake")
    alex = bound(alice, "user:alex")
    assert adding(alex, document)["status"] == "SUCCEEDED"
    assert texts(alex) == ["Lives in Oslo"]
    with tenant_tx(replace(alice.tenant, entity="user:alex")):
        assert Blob.objects.count() == 0
    with tenant_tx(alice.tenant):
        assert [blob.user_id for blob in Blob.objects.all()] == ["blake"]


@both_ways
def test_a_bound_add_supersedes_memories_of_its_entity(alice: Person, llm: FakeLLM, adding: Any) -> None:
    alex = bound(alice, "user:alex")
    keep(alice, "Is looking for a flat")
    llm.script(facts(fact("Has found a flat", **relation("replaces"))))
    assert verdicts(adding(alex, "I have found a flat.")) == ["superseded"]
    assert texts(alice) == ["Has found a flat"]


@both_ways
@pytest.mark.parametrize(
    ("entity", "kept"), [("user:alex", {"Lives in Rome"}), ("agent:ada", {"Speaks Italian"})], ids=["user", "agent"]
)
def test_of_two_speakers_apart_a_bound_add_keeps_the_entity_s_own(
    alice: Person, llm: FakeLLM, adding: Any, entity: str, kept: set[str]
) -> None:
    assert alice.tenant.org_id
    with org_tx(alice.tenant.org_id):
        Project.objects.filter(id=alice.tenant.project_id).update(attribution="speaker")
    speaker = "user" if entity == "user:alex" else "assistant"
    llm.script(facts(fact(*kept, speaker=speaker)))
    adding(bound(alice, entity), "Hello.", **BOTH)
    (row,) = listed(alice, EVERYBODY)
    assert (row["memory"], row["user_id"], row["agent_id"]) == (
        *kept,
        "alex" if speaker == "user" else None,
        None if speaker == "user" else "ada",
    )


def test_an_event_of_two_entities_tells_a_bound_key_of_its_own_memories_only(alice: Person, llm: FakeLLM) -> None:
    llm.script(facts(lives_in("Rome")))
    add(alice, "I live in Rome.")
    llm.script(facts(lives_in("Oslo"), fact("Ada was told")))
    done = add(alice, "I live in Oslo.", **BOTH)
    assert "Lives in Rome" in json.dumps(done)
    seen = event(bound(alice, "agent:ada"), done["id"])
    assert "Rome" not in json.dumps(seen)
    assert [item["memory"] for item in seen["results"]] == ["Lives in Oslo", "Ada was told"]
    assert event(bound(alice, "user:alex"), done["id"]) == done
    page = get(bound(alice, "agent:ada"), "/v1/events/?event_type=ADD")
    assert "Rome" not in json.dumps(page)


def test_what_a_bound_key_deletes_is_gone_from_events_of_others(alice: Person, llm: FakeLLM) -> None:
    ada = bound(alice, "agent:ada")
    told = keep(alice, "Ada told Alex about a treasure", **BOTH)
    llm.script(facts(fact("Ada told Alex about the treasure at sea", **relation("refines"))))
    # An event of Alex alone, which Ada's key does not see.
    done = add(alice, "She told me about the treasure at sea.")
    assert verdicts(done) == ["merged"]
    delete(ada, f"/v1/memories/{told}/")
    assert "treasure" not in json.dumps(event(alice, done["id"])["results"])


def test_deleting_what_is_linked_ends_at_memories_of_others(alice: Person) -> None:
    ada = bound(alice, "agent:ada")
    oldest, middle, newest = keep(alice, "One", **BOTH), keep(alice, "Two"), keep(alice, "Three", **BOTH)
    older = keep(alice, "Four", **BOTH)
    supersede(alice, oldest, by=middle)
    supersede(alice, middle, by=newest)
    supersede(alice, older, by=newest)
    assert delete(ada, f"/v1/memories/{newest}/?delete_linked=true")["cascade_count"] == 1
    assert {row["memory"] for row in listed(alice, show_expired=True, include_superseded=True)} == {"One", "Two"}


def test_a_worker_does_a_bound_add_again_as_often_as_it_is_told(alice: Person) -> None:
    alex = bound(alice, "user:alex")
    event_id = queue(alex, "I live in Rome.")
    work(alice, event_id)
    run(ADD, replace(alice.tenant, org_id=None), job_of(alice, event_id).id)
    assert texts(alex) == ["Lives in Rome"]
    assert event(alex, event_id)["payload"]["bound_to"] == "user:alex"
