"""Organizations over REST, in the contract's shapes and words (contract.md §10)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from loci.tenancy.context import org_tx
from orgs.models import AuditEntry, Invitation, Organization, User
from orgs.queries import Caller, caller_of
from orgs.services import organizations
from orgs.services.api_keys import Restrictions, create_key
from orgs.services.organizations import create_organization
from tests.conftest import Person
from tests.memories.support import call, get, ok
from tests.orgs.support import (
    ORGANIZATIONS,
    member_of,
    organization_of,
    signed_in,
    with_key,
    with_organization_key,
    with_restricted_key,
)


def create(person: Person, name: str = "Second", **headers: str) -> Any:
    return call(person, "POST", ORGANIZATIONS, {"name": name}, **headers)


def names_seen_by(person: Person) -> list[str]:
    return [organization["name"] for organization in get(person, ORGANIZATIONS)]


def invite(person: Person, email: str) -> None:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        Invitation.objects.create(
            org_id=person.tenant.org_id,
            email=email,
            role="READER",
            invited_by=User.objects.get(email=person.email),
            expires_at="2100-01-01T00:00:00+00:00",
        )


def actions_in(org_id: Any) -> list[str]:
    with org_tx(org_id):
        return list(AuditEntry.objects.order_by("number").values_list("action", flat=True))


def test_an_organization_has_the_contracts_shape(alice: Person) -> None:
    shown = get(alice, organization_of(alice))
    times = [shown.pop(name) for name in ("created_at", "updated_at")]
    assert all(time.endswith("+00:00") for time in times)
    [member] = shown.pop("members")
    assert {name: member[name] for name in ("username", "role", "email")} == {
        "username": "alice",
        "role": "OWNER",
        "email": "alice@example.com",
    }
    assert shown == {
        "org_id": alice.org_id,
        "name": "alice@example.com's",
        "is_default": True,
        "byok_enabled": False,
        "invitations": [],
        "owner_pricing_plan": "self-hosted",
        "is_owner": True,
        "user_role": "OWNER",
    }


def test_the_list_is_an_array_of_such_objects(alice: Person, bob: Person) -> None:
    assert get(alice, ORGANIZATIONS) == [get(alice, organization_of(alice))]


def test_an_owner_sees_who_is_invited_and_a_reader_does_not(alice: Person) -> None:
    invite(alice, "new@example.com")
    reader = member_of(alice, "reader@example.com", "READER")

    [invitation] = get(alice, organization_of(alice))["invitations"]

    assert [invitation[name] for name in ("email", "role", "project_id")] == ["new@example.com", "READER", None]
    assert get(reader, organization_of(alice))["invitations"] == []
    assert [member["role"] for member in get(reader, organization_of(alice))["members"]] == ["OWNER", "READER"]
    assert get(reader, organization_of(alice))["is_owner"] is False


def test_somebody_in_one_project_sees_of_the_organization_only_its_name(alice: Person) -> None:
    guest = member_of(alice, "guest@example.com", "OWNER", only_project=True)

    shown = get(guest, organization_of(alice))

    assert [shown[name] for name in ("name", "members", "owner_pricing_plan", "user_role", "is_owner")] == [
        "alice@example.com's",
        [],
        None,
        None,
        False,
    ]


def test_a_key_without_org_read_sees_no_members(alice: Person) -> None:
    narrow = with_restricted_key(alice, ("memories:read",))
    assert get(narrow, organization_of(alice))["members"] == []
    assert [organization["members"] for organization in get(narrow, ORGANIZATIONS)] == [[]]


@pytest.mark.parametrize("address", ["bob", "org_nothing"])
def test_foreign_and_unknown_organizations_are_not_found(alice: Person, bob: Person, address: str) -> None:
    org_id = bob.org_id if address == "bob" else address
    for method in ("GET", "PATCH", "DELETE"):
        response = call(alice, method, f"{ORGANIZATIONS}{org_id}/", {"name": "Mine"})
        assert response.status_code == 404
        assert response.json()["message"] == response.json()["detail"] == "Organization not found"


def test_nobody_sees_organizations_without_a_key_or_a_session(alice: Person) -> None:
    assert Client().get(ORGANIZATIONS).status_code == 401
    assert Client().get(organization_of(alice)).status_code == 401


def test_a_key_makes_an_organization_and_may_enter_it(alice: Person) -> None:
    response = create(alice)

    assert response.status_code == 201
    made = response.json()
    assert made["message"] == "Organization created successfully."
    assert [organization["is_default"] for organization in get(alice, ORGANIZATIONS)] == [True, False]
    shown = get(alice, f"{ORGANIZATIONS}{made['org_id']}/")
    assert (shown["name"], shown["user_role"]) == ("Second", "OWNER")
    [project] = get(alice, f"{ORGANIZATIONS}{made['org_id']}/projects/")
    assert (project["name"], project["is_default"]) == ("default-project", True)


def test_another_key_of_the_same_person_does_not_enter_it(alice: Person) -> None:
    made = create(signed_in(alice)).json()

    assert names_seen_by(alice) == ["alice@example.com's"]
    assert names_seen_by(signed_in(alice)) == ["alice@example.com's", "Second"]
    assert call(alice, "GET", f"{ORGANIZATIONS}{made['org_id']}/").status_code == 404


def test_the_audit_log_of_a_new_organization_begins_with_its_making(alice: Person) -> None:
    made = create(alice).json()
    with_id = Organization._base_manager.using("owner").get(public_id=made["org_id"]).id
    assert actions_in(with_id) == ["organization.create"]


def test_a_session_of_an_identity_provider_sees_one_organization_and_makes_none(alice: Person, bob: Person) -> None:
    other = create_organization(name="Other", owner=User.objects.get(email=alice.email))
    session = signed_in(alice, sso_organization=alice)

    assert names_seen_by(session) == ["alice@example.com's"]
    assert call(session, "GET", f"{ORGANIZATIONS}{other.org.public_id}/").status_code == 404
    assert create(session).status_code == 403


def test_a_restricted_key_makes_no_organization(alice: Person) -> None:
    response = create(with_restricted_key(alice, ("org:admin", "project:admin")))
    assert response.status_code == 403
    assert response.json()["message"] == "Unauthorized"
    assert names_seen_by(alice) == ["alice@example.com's"]


@pytest.mark.parametrize(
    "restriction",
    [{"allowed_cidrs": ("127.0.0.0/8",)}, {"daily_quota": 9}, {"expires_at": timezone.now() + timedelta(days=3650)}],
    ids=lambda given: next(iter(given)),
)
def test_a_limited_key_makes_no_organization(alice: Person, restriction: dict[str, Any]) -> None:
    caller = caller_of(alice.key)
    assert isinstance(caller, Caller)
    key = create_key(caller, "narrow", Restrictions(**restriction)).secret
    assert create(replace(alice, client=with_key(key))).status_code == 403
    assert names_seen_by(signed_in(alice)) == ["alice@example.com's"]


def test_nobody_owns_more_organizations_than_the_limit(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(organizations, "MAX_OWNED", 3)
    for number in range(2):
        assert create(alice, **{"Idempotency-Key": f"k{number}"}).status_code == 201
    refused = create(alice)
    assert (refused.status_code, "nobody may own more" in refused.json()["message"]) == (403, True)
    assert create(alice, **{"Idempotency-Key": "k1"}).status_code == 201  # As before.
    guest = member_of(alice, "guest@example.com", "READER")
    assert [create(guest).status_code for _ in range(4)] == [201, 201, 201, 403]


def test_the_list_asks_a_constant_number_of_questions_for_each_organization(alice: Person) -> None:
    person, asked = signed_in(alice), []
    for _ in range(4):
        with CaptureQueriesContext(connection) as queries:
            names_seen_by(person)
        asked.append(len(queries))
        create_organization(name="Another", owner=User.objects.get(email=alice.email))
    assert asked[3] - asked[2] == asked[2] - asked[1] <= 12


def test_where_sign_up_is_closed_only_owners_make_organizations(alice: Person, settings: Any) -> None:
    reader = member_of(alice, "reader@example.com", "READER")
    settings.SIGN_UP = False
    assert [create(signed_in(person)).status_code for person in (alice, reader)] == [201, 403]
    assert [create(person).status_code for person in (alice, reader)] == [201, 403]


def test_where_sign_up_is_open_everybody_may_have_an_organization(alice: Person) -> None:
    assert create(signed_in(member_of(alice, "reader@example.com", "READER"))).status_code == 201


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": None}, {"name": "  "}, {"name": "x" * 201}, {"name": {}}])
def test_a_wrong_name_is_said_by_field(alice: Person, body: Any) -> None:
    for response in (call(alice, "POST", ORGANIZATIONS, body), call(alice, "PATCH", organization_of(alice), body)):
        assert response.status_code == 400
        assert list(response.json()["errors"]) == ["name"]
        assert "name" in response.json()["detail"]
    assert call(alice, "POST", ORGANIZATIONS, {}).json()["errors"] == {"name": ["This field is required."]}


@pytest.mark.parametrize("by", ["key", "session"])
def test_an_organization_is_made_once_under_an_idempotency_key(alice: Person, by: str) -> None:
    person = alice if by == "key" else signed_in(alice)
    first, second = (create(person, **{"Idempotency-Key": "one"}) for _ in range(2))

    assert [first.status_code, second.status_code] == [201, 201]
    assert first.content == second.content
    assert second["Idempotent-Replayed"] == "true"
    assert names_seen_by(person) == ["alice@example.com's", "Second"]
    assert create(person, "Third", **{"Idempotency-Key": "one"}).status_code == 409


def test_a_repeat_finishes_what_a_crash_interrupted(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as crash:
        crash.setattr("orgs.api.organizations.Idempotency.remember", _fail)
        assert create(alice, **{"Idempotency-Key": "one"}).status_code == 500

    again = create(alice, **{"Idempotency-Key": "one"})

    assert again.status_code == 201
    assert [names_seen_by(alice), again.json()["org_id"]] == [
        ["alice@example.com's", "Second"],
        get(alice, ORGANIZATIONS)[1]["org_id"],
    ]


def _fail(*_: Any) -> None:
    raise RuntimeError("the process ends here")


def test_an_owner_renames_an_organization(alice: Person) -> None:
    answer = ok(call(alice, "PATCH", organization_of(alice), {"name": " Example & Co. "}))
    assert answer == {"message": "Organization updated successfully."}
    assert names_seen_by(alice) == ["Example & Co."]
    assert actions_in(alice.tenant.org_id) == ["organization.rename"]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_reader_changes_no_organization(alice: Person, method: str) -> None:
    for person in (
        member_of(alice, "reader@example.com", "READER"),
        member_of(alice, "guest@example.com", "OWNER", only_project=True),
        with_restricted_key(alice, ("org:read",)),
    ):
        response = call(person, method, organization_of(alice), {"name": "Theirs"})
        assert response.status_code == 403
        assert response.json()["message"] == "Unauthorized"
    assert names_seen_by(alice) == ["alice@example.com's"]


def test_a_deleted_organization_is_gone(alice: Person) -> None:
    session = signed_in(alice)

    answer = ok(call(session, "DELETE", organization_of(alice)))

    assert answer["message"] == "Organization deleted successfully!"
    assert get(session, ORGANIZATIONS) == []
    assert call(session, "GET", organization_of(alice)).status_code == 404
    assert call(alice, "GET", ORGANIZATIONS).status_code == 401


def test_an_organization_key_sees_its_organization_only(alice: Person) -> None:
    create(signed_in(alice))
    key = with_organization_key(alice)
    assert names_seen_by(key) == ["alice@example.com's"]
    assert create(key, "By key").status_code == 201
    assert names_seen_by(key) == ["alice@example.com's", "By key"]
