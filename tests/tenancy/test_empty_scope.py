"""An empty or missing scope never means "all" (reliability.md C6)."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from loci.tenancy.context import tenant_tx
from memories.models import Memory, MemoryState
from tests.conftest import Person, Services
from tests.tenancy.rows import everything, make_rows

NO_SCOPE: list[Any] = [
    None,
    {},
    [],
    "",
    "*",
    {"user_id": ""},
    {"user_id": None},
    {"user_id": []},
    {"user_id": {}},
    {"user_id": {"in": []}},
    {"user_id": {"ne": "nobody"}},
    {"NOT": {"user_id": "nobody"}},
    {"NOT": [{"user_id": "nobody"}]},
    {"AND": []},
    {"OR": []},
    {"AND": [{}]},
    {"OR": [{"user_id": "nobody"}, {}]},
    {"OR": [{"user_id": "nobody"}, {"created_at": {"gte": "2020-01-01"}}]},
    {"created_at": {"gte": "2020-01-01"}},
    {"metadata": {}},
]
LISTS = {"/v3/memories/": {}, "/v3/memories/search/": {"query": "San Francisco", "threshold": 0}}
NO_ENTITY = [
    {},
    {"user_id": ""},
    {"userId": ""},
    {"user_id": "", "agent_id": "", "app_id": "", "run_id": ""},
    {"filters": ""},
    {"filters": "{}"},
    {"filters": "null"},
    {"filters": "[object Object]"},
    {"filters": '{"user_id": ""}'},
    {"filters": '{"user_id": null}'},
    {"filters": '{"NOT": {"user_id": "nobody"}}'},
    {"filters": '{"OR": [{"user_id": "nobody"}, {"created_at": {"gte": "2020-01-01"}}]}'},
    {"metadata": "{}"},
    {"org_id": ""},
]


def texts(tenant: Any) -> set[str]:
    with tenant_tx(tenant):
        return set(Memory.objects.exclude(state=MemoryState.DELETED).values_list("text", flat=True))


@pytest.mark.parametrize("path", LISTS)
def test_a_list_or_search_without_a_scope_is_refused(alice: Person, path: str) -> None:
    make_rows(alice.tenant)
    answers = {}
    for filters in NO_SCOPE:
        body = {**LISTS[path], "filters": filters}
        answers[str(filters)] = alice.client.post(path, body, content_type="application/json").status_code
    answers["absent"] = alice.client.post(path, LISTS[path], content_type="application/json").status_code
    assert {filters: status for filters, status in answers.items() if status != 400} == {}


def test_a_deletion_without_an_entity_is_refused_and_deletes_nothing(alice: Person, services: Services) -> None:
    make_rows(alice.tenant)
    before = everything(services, alice.tenant)
    answers = {str(query): alice.client.delete(f"/v1/memories/?{urlencode(query)}").status_code for query in NO_ENTITY}
    assert {query: status for query, status in answers.items() if status != 400} == {}
    assert everything(services, alice.tenant)["memory"] == before["memory"]


def test_every_user_means_every_user_of_the_own_project(alice: Person, bob: Person) -> None:
    make_rows(alice.tenant, text="Hers")
    make_rows(bob.tenant, text="His")
    listed = bob.client.post("/v3/memories/", {"filters": {"user_id": "*"}}, content_type="application/json")
    assert [memory["memory"] for memory in listed.json()["results"]] == ["His"]
    assert bob.client.delete("/v1/memories/?user_id=*&agent_id=").status_code == 200
    assert (texts(alice.tenant), texts(bob.tenant)) == ({"Hers"}, set())


def test_entities_of_a_deletion_are_all_meant_together(alice: Person) -> None:
    make_rows(alice.tenant, text="Of both", agent_id="cook")
    make_rows(alice.tenant, text="Of Alex alone")
    query = urlencode({"user_id": "alex", "filters": json.dumps({"agent_id": "cook"})})
    assert alice.client.delete(f"/v1/memories/?{query}").status_code == 200
    assert texts(alice.tenant) == {"Of Alex alone"}


@pytest.mark.parametrize("scope", [{}, {"user_id": ""}, {"user_id": None}, {"user_id": " "}, {"user_id": []}])
@pytest.mark.parametrize("path", ["/v1/memories/", "/v3/memories/add/"])
def test_an_add_about_nobody_is_refused(alice: Person, path: str, scope: dict[str, Any]) -> None:
    body = {"messages": "I live in Rome", "infer": False, **scope}
    assert alice.client.post(path, body, content_type="application/json").status_code == 400
    assert texts(alice.tenant) == set()
