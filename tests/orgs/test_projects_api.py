"""Projects over REST, in the contract's shapes and words (contract.md §10)."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loci.tenancy.context import org_tx
from orgs.models import AuditEntry, Membership, User
from tests.conftest import Person
from tests.memories.support import call, get, ok
from tests.orgs.support import (
    ORGANIZATIONS,
    member_of,
    organization_of,
    project_of,
    signed_in,
    with_organization_key,
    with_restricted_key,
)

NOT_FOUND = "Organization or project not found"
CREATED = "Project created successfully."


def create(person: Person, name: str = "Second", **parameters: Any) -> str:
    answer = ok(call(person, "POST", organization_of(person, "projects/"), {"name": name, **parameters}))
    assert answer["message"] == CREATED
    project_id: str = answer["project_id"]
    return project_id


def projects_seen_by(person: Person) -> list[str]:
    return [project["name"] for project in get(person, organization_of(person, "projects/"))]


def actions_of(person: Person) -> list[str]:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        return list(AuditEntry.objects.order_by("number").values_list("action", flat=True))


def test_a_project_has_the_contracts_shape(alice: Person) -> None:
    shown = get(alice, project_of(alice))
    times = [shown.pop(name) for name in ("created_at", "updated_at")]
    assert all(time.endswith("+00:00") for time in times)
    [member] = shown.pop("members")
    assert [member[name] for name in ("username", "role", "email")] == ["alice", "OWNER", "alice@example.com"]
    assert shown == {
        "project_id": alice.project_id,
        "name": "default-project",
        "description": None,
        "usecase": None,
        "memory_depth": None,
        "inclusion_prompt": None,
        "exclusion_prompt": None,
        "custom_categories": None,
        "custom_instructions": None,
        "agent_custom_instructions": None,
        "update_custom_instructions": None,
        "summary_custom_instructions": None,
        "summary_batch_size": 50,
        "summary_max_tokens": None,
        "retrieval_criteria": None,
        "expiration_date": None,
        "enable_graph": False,
        "multilingual": True,
        "forget_on_request": False,
        "redact_pii": False,
        "suspicious_content": "flag",
        "version": "v2",
        "active_prompt_profile": None,
        "decay": False,
        "review_negative_feedback": "off",
        "consolidation": "off",
        "add_wait_ms": 0,
        "v1_is_synchronous": False,
        "shows_superseded": False,
        "attribution": "both",
        "is_default": True,
        "user_role": "OWNER",
    }


@pytest.mark.parametrize("query", ["?fields=name&fields=custom_categories", "?fields=customInstructions"])
def test_everything_is_returned_whatever_fields_are_asked_for(alice: Person, query: str) -> None:
    assert get(alice, project_of(alice) + query) == get(alice, project_of(alice))


def test_clients_may_repeat_the_ids_of_the_address(alice: Person, bob: Person) -> None:
    ids = {"org_id": alice.org_id, "project_id": alice.project_id}
    ok(call(alice, "PATCH", project_of(alice), {"name": "Renamed", **ids}))
    assert get(alice, f"{project_of(alice)}?org_id={alice.org_id}&project_id={alice.project_id}")["name"] == "Renamed"
    assert call(alice, "PATCH", project_of(alice), {"name": "Other", "project_id": bob.project_id}).status_code == 404


def test_a_new_project_is_listed_after_the_first(alice: Person) -> None:
    session = signed_in(alice)
    project_id = create(session, "Support", description="Conversations with customers.")

    first, second = get(session, organization_of(alice, "projects/"))

    assert second == get(session, organization_of(alice, f"projects/{project_id}/"))
    assert [second[name] for name in ("name", "description", "is_default", "user_role")] == [
        "Support",
        "Conversations with customers.",
        False,
        "OWNER",
    ]
    assert first == get(session, project_of(alice))
    assert actions_of(alice) == ["project.create"]


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": " "}, {"name": []}, {"name": "x" * 201}])
def test_a_project_needs_a_name(alice: Person, body: Any) -> None:
    response = call(alice, "POST", organization_of(alice, "projects/"), body)
    assert response.status_code == 400
    assert response.json()["message"] == "Project could not be created."
    assert list(response.json()["errors"]) == ["name"]
    assert projects_seen_by(signed_in(alice)) == ["default-project"]


def test_a_project_is_made_once_under_an_idempotency_key(alice: Person) -> None:
    session = signed_in(alice)
    address = organization_of(alice, "projects/")
    first, second = (call(session, "POST", address, {"name": "Second"}, **{"Idempotency-Key": "one"}) for _ in range(2))
    assert first.content == second.content
    assert projects_seen_by(session) == ["default-project", "Second"]


def test_only_owners_of_the_organization_create_projects(alice: Person) -> None:
    for person in (
        member_of(alice, "reader@example.com", "READER"),
        member_of(alice, "guest@example.com", "OWNER", only_project=True),
        with_restricted_key(alice, ("project:admin", "org:read")),
    ):
        response = call(person, "POST", organization_of(alice, "projects/"), {"name": "Theirs"})
        assert response.status_code == 403
        assert response.json()["message"] == "Unauthorized to create projects in this organization."
    assert projects_seen_by(signed_in(alice)) == ["default-project"]


def test_a_projects_key_sees_its_own_project_only(alice: Person) -> None:
    project_id = create(alice)
    assert projects_seen_by(alice) == ["default-project"]
    for method in ("GET", "PATCH", "DELETE"):
        response = call(alice, method, organization_of(alice, f"projects/{project_id}/"), {"name": "Mine"})
        assert response.status_code == 404
        assert response.json()["message"] == NOT_FOUND


def test_an_organizations_key_sees_all_of_its_projects(alice: Person) -> None:
    project_id = create(alice)
    key = with_organization_key(alice)
    assert projects_seen_by(key) == ["default-project", "Second"]
    assert get(key, organization_of(alice, f"projects/{project_id}/"))["name"] == "Second"


def test_somebody_in_one_project_sees_that_one_and_who_is_in_it(alice: Person) -> None:
    create(alice)
    guest = signed_in(member_of(alice, "guest@example.com", "READER", only_project=True))

    [project] = get(guest, organization_of(alice, "projects/"))

    assert (project["name"], project["user_role"]) == ("default-project", "READER")
    assert [member["email"] for member in project["members"]] == ["guest@example.com"]
    members = get(alice, project_of(alice))["members"]
    assert [(member["username"], member["role"]) for member in members] == [("alice", "OWNER"), ("guest", "READER")]


def test_a_projects_own_role_goes_before_the_organizations(alice: Person) -> None:
    reader = member_of(alice, "reader@example.com", "READER")
    assert call(reader, "PATCH", project_of(alice), {"name": "Theirs"}).status_code == 403
    _give_role(alice, reader, "OWNER")
    assert ok(call(reader, "PATCH", project_of(alice), {"name": "Theirs"}))
    assert get(reader, project_of(alice))["user_role"] == "OWNER"


def _give_role(owner: Person, person: Person, role: str) -> None:
    assert owner.tenant.org_id
    with org_tx(owner.tenant.org_id):
        user = User.objects.get(email=person.email)
        Membership.objects.create(org_id=owner.tenant.org_id, project_id=owner.tenant.project_id, user=user, role=role)


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_reader_modifies_no_project(alice: Person, method: str) -> None:
    for person in (
        member_of(alice, "reader@example.com", "READER"),
        member_of(alice, "guest@example.com", "READER", only_project=True),
        with_restricted_key(alice, ("project:read", "org:admin")),
    ):
        response = call(person, method, project_of(alice), {"name": "Theirs"})
        assert response.status_code == 403
        assert response.json()["message"] == "Unauthorized to modify this project."
    assert get(alice, project_of(alice))["name"] == "default-project"


def test_a_key_without_project_read_reads_no_project(alice: Person) -> None:
    narrow = with_restricted_key(alice, ("memories:read",))
    assert call(narrow, "GET", project_of(alice)).status_code == 403
    assert projects_seen_by(narrow) == []


@pytest.mark.parametrize("which", ["foreign", "unknown", "foreign in own organization", "own in foreign organization"])
def test_foreign_and_unknown_projects_are_not_found(alice: Person, bob: Person, which: str) -> None:
    org_id, project_id = {
        "foreign": (bob.org_id, bob.project_id),
        "unknown": (alice.org_id, "proj_nothing"),
        "foreign in own organization": (alice.org_id, bob.project_id),
        "own in foreign organization": (bob.org_id, alice.project_id),
    }[which]
    for person in (alice, signed_in(alice), with_organization_key(alice)):
        for method in ("GET", "PATCH", "DELETE"):
            response = call(person, method, f"{ORGANIZATIONS}{org_id}/projects/{project_id}/", {"name": "Mine"})
            assert response.status_code == 404
            assert response.json()["message"] == response.json()["detail"] == NOT_FOUND


def test_the_projects_of_a_foreign_organization_are_not_found(alice: Person, bob: Person) -> None:
    for method in ("GET", "POST"):
        response = call(alice, method, organization_of(bob, "projects/"), {"name": "Mine"})
        assert (response.status_code, response.json()["message"]) == (404, "Organization not found")


def test_a_deleted_project_is_gone_and_the_next_one_is_the_default(alice: Person) -> None:
    session = signed_in(alice)
    create(session)

    answer = ok(call(session, "DELETE", project_of(alice)))

    assert answer["message"] == "Project and related data deleted successfully."
    assert call(session, "GET", project_of(alice)).status_code == 404
    assert call(alice, "GET", project_of(alice)).status_code == 401
    [left] = get(session, organization_of(alice, "projects/"))
    assert (left["name"], left["is_default"]) == ("Second", True)


def test_the_list_asks_the_database_as_often_for_many_projects_as_for_one(alice: Person) -> None:
    session = signed_in(alice)
    projects_seen_by(session)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            projects_seen_by(session)
        counts.append(len(queries))
        create(session)
    assert counts[0] == counts[1]


def test_a_client_without_ids_means_the_project_of_its_key(alice: Person) -> None:
    for org, project in [("null", "null"), (alice.org_id, "null"), ("undefined", alice.project_id)]:
        assert get(alice, f"{ORGANIZATIONS}{org}/projects/{project}/")["project_id"] == alice.project_id


def test_a_deletion_that_is_repeated_under_its_key_is_answered_as_before(alice: Person) -> None:
    browser, path = signed_in(alice).client, project_of(alice)
    first, second = (browser.delete(path, headers={"Idempotency-Key": "once"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.content == first.content
    assert browser.delete(path).status_code == 404


@pytest.mark.parametrize("session", [True, False])
def test_another_project_of_the_same_organization_is_as_good_as_none(alice: Person, session: bool) -> None:
    operator = with_organization_key(alice)
    sibling = operator.client.post(
        organization_of(alice, "projects/"), {"name": "sibling"}, content_type="application/json"
    ).json()["project_id"]
    carol = member_of(alice, "carol@example.com", "OWNER", only_project=True)
    client = signed_in(carol).client if session else carol.client
    for address in (organization_of(alice, "projects/{}/"), "/v1/ping/?project_id={}", "/v1/events/?project_id={}"):
        answers = [client.get(address.format(which)) for which in (sibling, "proj_nobodys")]
        assert [answer.status_code for answer in answers] == [404, 404]
        bodies = [{**answer.json(), "request_id": None} for answer in answers]
        assert bodies[0] == bodies[1]


@pytest.mark.parametrize("role", ["OWNER", "READER"])
def test_who_is_in_one_project_only_is_told_of_no_other(alice: Person, role: str) -> None:
    sibling = create(with_organization_key(alice))
    member = signed_in(member_of(alice, "sam@example.com", role, only_project=True))
    assert member.client.get("/v1/ping/", {"project_id": alice.project_id}).status_code == 200
    for path in ("/v1/ping/", "/v1/events/", "/v1/memories/"):
        for_sibling, for_none = (_answer(member, path, project_id=each) for each in (sibling, "proj_nobody"))
        assert for_sibling == for_none == (404, NOT_FOUND)
    for rest in ("", "members/", "api-keys/"):
        paths = [organization_of(alice, f"projects/{each}/{rest}") for each in (sibling, "proj_nobody")]
        assert [_answer(member, path) for path in paths] == [(404, NOT_FOUND)] * 2


def _answer(person: Person, path: str, **query: str) -> tuple[int, str]:
    answer = person.client.get(path, query)
    return answer.status_code, answer.json()["message"]
