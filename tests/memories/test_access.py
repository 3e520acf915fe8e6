"""Who may call the memory API, and how it says no (contract.md §1, §2)."""

import json

from django.test import Client

from loci.tenancy.context import org_tx
from orgs.models import Project, User
from orgs.services.api_keys import create_api_key
from tests.conftest import Person
from tests.http.endpoints import json_endpoints
from tests.memories.support import call, get, keep, texts
from tests.tenancy.cases import PUBLIC

REPORTS = {"/api/v1/keys/report/"}
"""Of leaked keys: whoever found one has none of their own."""
INVALID = "Invalid API key. You can find your API key on https://app.mem0.ai/dashboard/api-keys."


def with_scopes(person: Person, *scopes: str) -> Client:
    """Returns a client whose key has these scopes only."""
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        project = Project.objects.get(id=person.tenant.project_id)
    key = create_api_key(project=project, maker=User.objects.get(email=person.email), name="narrow", scopes=scopes)
    return Client(headers={"authorization": f"Bearer {key}"})


def test_every_endpoint_refuses_a_wrong_or_missing_key(database: None) -> None:
    asked = [endpoint for endpoint in json_endpoints("loci.urls") if endpoint.route not in PUBLIC | REPORTS]
    for endpoint in asked:
        for headers in ({}, {"authorization": "Token wrong"}, {"authorization": f"Token loci_sk_{'x' * 46}"}):
            response = Client(headers=headers).generic(endpoint.method, endpoint.path, "{}", "application/json")
            assert response.status_code == 401, endpoint
            assert response.json()["detail"] == INVALID


def test_a_key_that_may_read_may_not_write_or_delete(alice: Person) -> None:
    kept = keep(alice, "Likes tea")
    reader = with_scopes(alice, "memories:read")
    assert reader.get(f"/v1/memories/{kept}/").status_code == 200
    body = {"text": "x", "messages": "x", "user_id": "alex"}
    for method, path in [
        ("PUT", f"/v1/memories/{kept}/"),
        ("DELETE", f"/v1/memories/{kept}/"),
        ("DELETE", "/v1/memories/?user_id=alex"),
        ("POST", "/v1/memories/"),
        ("POST", "/v3/memories/add/"),
        ("DELETE", "/v2/entities/user/alex/"),
    ]:
        answer = reader.generic(method, path, json.dumps(body), content_type="application/json")
        assert answer.status_code == 403, (method, path)
    assert texts(alice) == ["Likes tea"]


def test_head_needs_the_scope_of_get(alice: Person) -> None:
    kept = keep(alice, "Likes tea")
    paths = [f"/v1/memories/{kept}/", "/v1/memories/?user_id=alex", "/v1/memories/user/alex/", "/v1/events/"]
    writer, reader = with_scopes(alice, "memories:write"), with_scopes(alice, "memories:read", "events:read")
    assert [writer.head(path).status_code for path in paths] == [403] * len(paths)
    assert [reader.head(path).status_code for path in paths] == [200] * len(paths)


def test_ping_names_whom_the_key_belongs_to(alice: Person) -> None:
    assert get(alice, "/v1/ping/") == {
        "status": "ok",
        "org_id": alice.org_id,
        "project_id": alice.project_id,
        "user_email": "alice@example.com",
    }


def test_ids_in_a_request_can_name_the_keys_project_only(alice: Person, bob: Person) -> None:
    own = {"org_id": alice.org_id, "project_id": alice.project_id}
    body = {"messages": "Likes tea", "user_id": "alex", "infer": False}
    assert call(alice, "POST", "/v3/memories/add/", {**body, **own}).status_code == 200
    assert call(alice, "POST", "/v3/memories/add/", {**body, "org_id": None, "project_id": ""}).status_code == 200
    theirs = call(alice, "POST", "/v3/memories/add/", {**body, "projectId": bob.project_id})
    assert theirs.status_code == 404
    assert theirs.json()["message"] == "Organization or project not found"
    assert texts(bob) == []


def test_a_body_that_is_no_object_is_refused(alice: Person) -> None:
    for body in ("[]", '["x"]', '"x"', "7", "null", "{", "[[[["):
        for path in ("/v3/memories/add/", "/v3/memories/search/", "/v3/memories/", "/v1/memories/"):
            response = alice.client.generic("POST", path, body, content_type="application/json")
            assert response.status_code == 400, (path, body)
            assert isinstance(response.json()["detail"], str)
