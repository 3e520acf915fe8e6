"""API keys over REST: what is made, what is shown, what may be made by whom, and when it ends (reliability.md §2.1)."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from loci.tenancy.context import org_tx
from orgs.keys import is_well_formed
from orgs.models import ApiKey, AuditEntry, Membership, Role, User
from orgs.roles import BOUND_SCOPES
from tests.conftest import Person, Services
from tests.orgs.support import (
    ORGANIZATIONS,
    member_of,
    organization_of,
    project_of,
    signed_in,
    with_key,
    with_organization_key,
    with_restricted_key,
)
from tests.tenancy.rows import superuser

NOT_FOUND = "API key not found"
NOWHERE = "01930000-0000-7000-8000-000000000000"


def request(person: Person, method: str, path: str, body: Any = None, **headers: str) -> Any:
    content = "" if body is None else json.dumps(body)
    return person.client.generic(method.upper(), path, content, content_type="application/json", headers=headers)


def make(person: Person, path: str = "", **given: Any) -> Any:
    """Makes a key of the project, or at another address."""
    return request(person, "post", path or project_of(person, "api-keys/"), {"name": "bot", **given})


def made(person: Person, path: str = "", **given: Any) -> Any:
    answer = make(person, path, **given)
    assert answer.status_code == 201, answer.content
    return answer.json()


def of_project(person: Person, key: Any, rest: str = "") -> str:
    return project_of(person, f"api-keys/{key['id']}/{rest}")


def of_organization(person: Person, key: Any, rest: str = "") -> str:
    return organization_of(person, f"api-keys/{key['id']}/{rest}")


def ping(key: str, **query: str) -> Any:
    return with_key(key).get("/v1/ping/", query)


def works(key: str) -> bool:
    return ping(key).status_code == 200


def search(key: str, **named: str) -> int:
    body = {"query": "Where?", "filters": {"user_id": "alex"}, **named}
    return with_key(key).post("/v3/memories/search/", body, content_type="application/json").status_code


def change_row(person: Person, key: Any, **changes: Any) -> None:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        assert ApiKey.objects.filter(id=key["id"]).update(**changes) == 1


def logged(person: Person) -> list[tuple[str, str, dict[str, Any]]]:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        entries = AuditEntry.objects.filter(object_type="key").order_by("number")
        return [(entry.action, entry.object_id, entry.details) for entry in entries]


# --- What is made and shown


def test_a_new_key_is_shown_once_and_acts_as_its_maker(alice: Person) -> None:
    new = made(signed_in(alice))
    assert is_well_formed(new["key"])
    assert new["key"].startswith("loci_sk_")
    assert ping(new["key"]).json()["project_id"] == alice.project_id
    shown = request(alice, "get", of_project(alice, new)).json()
    assert shown == {name: value for name, value in new.items() if name != "key"} | {
        "last_used_at": shown["last_used_at"]
    }
    assert shown["display"] == f"loci_sk_…{new['key'][-4:]}"
    assert (shown["kind"], shown["scopes"], shown["entity"], shown["state"]) == ("sk", None, None, "active")
    assert (shown["created_by"], shown["project_id"]) == (alice.email, alice.project_id)


def test_a_list_shows_the_projects_keys_newest_first_and_no_key_itself(alice: Person) -> None:
    new = made(alice, scopes=["memories:read"])
    made(signed_in(alice), organization_of(alice, "api-keys/"))
    answer = request(alice, "get", project_of(alice, "api-keys/"))
    assert [key["name"] for key in answer.json()["results"]] == ["bot", "test"]
    assert new["key"].encode() not in answer.content
    assert alice.key.encode() not in answer.content
    assert answer.json()["results"][0]["scopes"] == ["memories:read"]


def test_the_organizations_own_list_shows_its_own_keys_only(alice: Person) -> None:
    made(signed_in(alice), organization_of(alice, "api-keys/"), name="all")
    (key,) = request(alice, "get", organization_of(alice, "api-keys/")).json()["results"]
    assert (key["name"], key["kind"], key["project_id"]) == ("all", "ak", None)


def test_a_repeated_request_makes_one_key_and_shows_it_once(alice: Person, services: Services) -> None:
    path, body = project_of(alice, "api-keys/"), {"name": "bot"}
    first, second = (request(alice, "post", path, body, **{"idempotency-key": "one"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert works(first.json()["key"])
    assert second.json() == first.json() | {"key": None}
    assert request(alice, "get", path).json()["count"] == 2
    with superuser(services) as admin:
        kept = str(admin.execute("SELECT array_agg(to_jsonb(t)) FROM idempotency_key AS t").fetchone())
    assert first.json()["id"] in kept
    assert first.json()["key"] not in kept


def test_a_key_has_the_restrictions_that_it_was_made_with(alice: Person) -> None:
    end = (timezone.now() + timedelta(days=1)).isoformat(timespec="microseconds")
    given: dict[str, Any] = {
        "scopes": ["memories:write", "memories:read", "memories:read"],
        "expires_at": end,
        "allowed_cidrs": ["203.0.113.7", "2001:DB8:0::/32", "10.0.0.0/255.0.0.0"],
        "rate_per_minute": 5,
        "daily_quota": 100,
    }
    new = made(alice, **given)
    assert new["kind"] == "rk"
    assert new["key"].startswith("loci_rk_")
    assert {name: new[name] for name in given} == given | {
        "scopes": ["memories:read", "memories:write"],
        "allowed_cidrs": ["203.0.113.7/32", "2001:db8::/32", "10.0.0.0/8"],
    }


@pytest.mark.parametrize(
    ("given", "entity"),
    [
        ({"entity": "user:alex"}, "user:alex"),
        ({"user_id": " alex "}, "user:alex"),
        ({"agentId": "support:de"}, "agent:support:de"),
        ({"app_id": "shop"}, "app:shop"),
        ({"entity": "user:Zoe\u0308"}, "user:Zo\u00eb"),
    ],
)
def test_a_bound_key_may_do_what_bound_keys_may(alice: Person, given: dict[str, str], entity: str) -> None:
    new = made(alice, **given)
    assert (new["kind"], new["entity"], new["scopes"]) == ("rk", entity, sorted(BOUND_SCOPES))
    assert works(new["key"])


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"scopes": ["memories:all"]}, "scopes"),
        ({"scopes": "memories:read"}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"scopes": None}, "scopes"),
        ({"scopes": ""}, "scopes"),
        ({"user_id": ""}, "user_id"),
        ({"user_id": None}, "user_id"),
        ({"entity": ""}, "entity"),
        ({"user_id": "*"}, "user_id"),
        ({"entity": "run:one"}, "entity"),
        ({"entity": "alex"}, "entity"),
        ({"entity": "user:"}, "entity"),
        ({"entity": "user:a\u0007b"}, "entity"),
        ({"entity": "user:alex", "agent_id": "support"}, "agent_id"),
        ({"user_id": "alex", "scopes": ["memories:read", "project:admin"]}, "scopes"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"allowed_cidrs": ["10.0.0.1/8"]}, "allowed_cidrs"),
        ({"allowed_cidrs": ["::ffff:10.0.0.0/104"]}, "allowed_cidrs"),
        ({"allowed_cidrs": ["fe80::1%eth0"]}, "allowed_cidrs"),
        ({"allowed_cidrs": ["everywhere"]}, "allowed_cidrs"),
        ({"allowed_cidrs": ["10.0.0.0/8"] * 51}, "allowed_cidrs"),
        ({"allowed_cidrs": None}, "allowed_cidrs"),
        ({"rate_per_minute": 0}, "rate_per_minute"),
        ({"rate_per_minute": 100_001}, "rate_per_minute"),
        ({"daily_quota": -1}, "daily_quota"),
        ({"daily_quota": True}, "daily_quota"),
        ({"expires_at": ""}, "expires_at"),
        ({"expires_at": None}, "expires_at"),
        ({"rate_per_minute": None}, "rate_per_minute"),
        ({"scope": ["memories:read"]}, "scope"),
        ({"run_id": "one"}, "run_id"),
        ({"allowed_ips": ["10.0.0.0/8"]}, "allowed_ips"),
    ],
)
def test_what_a_key_cannot_be_is_said_of_its_field(alice: Person, given: dict[str, Any], field: str) -> None:
    answer = make(alice, **given)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
    assert field in answer.json()["detail"]
    assert request(alice, "get", project_of(alice, "api-keys/")).json()["count"] == 1


def test_a_key_of_an_organization_is_bound_to_nobody(alice: Person) -> None:
    answer = make(signed_in(alice), organization_of(alice, "api-keys/"), user_id="alex")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["user_id"]


# --- Who may make what


def test_readers_and_keys_without_the_scope_see_no_keys_and_make_none(alice: Person) -> None:
    reader = member_of(alice, "reader@example.com", Role.READER)
    for person in (reader, signed_in(reader), with_restricted_key(alice, ("memories:read", "project:read"))):
        for path in (project_of(alice, "api-keys/"), organization_of(alice, "api-keys/")):
            assert request(person, "get", path).status_code == 403
            assert make(person, path).status_code == 403


def test_outsiders_cannot_tell_a_foreign_project_from_none(alice: Person, bob: Person) -> None:
    for path in (project_of(alice, "api-keys/"), organization_of(alice, "api-keys/")):
        foreign, unknown = make(bob, path), make(bob, path.replace(alice.org_id, "org_nobody"))
        assert foreign.status_code == unknown.status_code == 404
        assert foreign.json()["message"] == unknown.json()["message"]


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_a_key_of_another_project_is_as_good_as_none(alice: Person, bob: Person, method: str) -> None:
    foreign = made(alice)
    everybodys = made(signed_in(bob), organization_of(bob, "api-keys/"))
    for key in (foreign, everybodys, {"id": NOWHERE}, {"id": "no-id"}):
        answer = request(bob, method, of_project(bob, key), {"name": "mine"})
        assert (answer.status_code, answer.json()["message"]) == (404, NOT_FOUND)
    assert works(foreign["key"])


def test_nobody_grants_what_they_lack(alice: Person) -> None:
    owner = member_of(alice, "owner@example.com", Role.OWNER, only_project=True)
    answer = make(signed_in(owner), scopes=["memories:read", "org:admin"])
    assert answer.status_code == 403
    assert "org:admin" in answer.json()["detail"]
    assert made(signed_in(owner), scopes=["memories:read"])["created_by"] == owner.email


@pytest.mark.parametrize(
    "restriction",
    [
        {"scopes": ["project:admin", "memories:read"]},
        {"expires_at": "2999-01-01T00:00:00Z"},
        {"allowed_cidrs": ["127.0.0.0/8"]},
        {"rate_per_minute": 100},
        {"daily_quota": 100},
    ],
)
def test_a_key_with_any_restriction_makes_changes_and_rotates_none(alice: Person, restriction: dict[str, Any]) -> None:
    other = made(alice)
    narrow = made(alice, **restriction)
    alice.client.defaults["HTTP_AUTHORIZATION"] = f"Token {narrow['key']}"
    assert make(alice).status_code == 403
    for key in (other, narrow):
        assert request(alice, "patch", of_project(alice, key), {"allowed_cidrs": []}).status_code == 403
        assert request(alice, "post", of_project(alice, key, "rotate/")).status_code == 403
    assert request(alice, "delete", of_project(alice, other)).status_code == 200


def test_a_key_in_its_grace_makes_none(alice: Person) -> None:
    old = made(alice)
    request(alice, "post", of_project(alice, old, "rotate/"), {"grace_hours": 1})
    alice.client.defaults["HTTP_AUTHORIZATION"] = f"Token {old['key']}"
    assert make(alice).status_code == 403


def test_a_key_in_its_grace_makes_none_in_an_organization_that_was_made_with_it(alice: Person) -> None:
    old = made(alice)
    with_old = replace(alice, client=with_key(old["key"]))
    founded = request(with_old, "post", ORGANIZATIONS, {"name": "founded"}).json()["org_id"]
    new = request(alice, "post", of_project(alice, old, "rotate/"), {"grace_hours": 1}).json()
    newest = request(alice, "post", of_project(alice, new, "rotate/"), {"grace_hours": 1}).json()
    path = f"{ORGANIZATIONS}{founded}/api-keys/"
    assert [make(replace(alice, client=with_key(key["key"])), path).status_code for key in (old, new)] == [403, 403]
    assert make(replace(alice, client=with_key(newest["key"])), path).status_code == 201
    listed = request(replace(alice, client=with_key(newest["key"])), "get", f"{ORGANIZATIONS}{founded}/projects/")
    assert [project["name"] for project in listed.json()] == ["default-project"]


def test_a_projects_key_makes_keys_of_its_organization_for_its_other_projects(alice: Person) -> None:
    second = request(alice, "post", organization_of(alice, "projects/"), {"name": "second"}).json()["project_id"]
    key = made(alice, organization_of(alice, "api-keys/"))
    assert key["kind"] == "ak"
    assert search(key["key"], project_id=second) == 200
    operator = replace(alice, client=with_key(key["key"]), project_id=second)
    assert search(made(operator)["key"]) == 200
    assert request(alice, "post", of_organization(alice, key, "rotate/")).status_code == 201


def test_an_organizations_key_makes_keys_of_its_projects(alice: Person) -> None:
    assert works(made(with_organization_key(alice))["key"])
    assert made(with_organization_key(alice), organization_of(alice, "api-keys/"))["kind"] == "ak"


# --- What keys reach


def test_an_organizations_key_acts_on_the_project_that_it_names(alice: Person, bob: Person) -> None:
    key = made(signed_in(alice), organization_of(alice, "api-keys/"))["key"]
    assert search(key) == 400
    assert search(key, project_id=alice.project_id) == 200
    assert search(key, project_id=bob.project_id) == 404
    assert search(key, project_id="proj_nobody") == 404
    assert search(key, project_id=alice.project_id, org_id=bob.org_id) == 404


def test_an_organizations_key_stays_in_it_when_its_maker_is_elsewhere_too(alice: Person, bob: Person) -> None:
    assert bob.tenant.org_id
    with org_tx(bob.tenant.org_id):
        Membership.objects.create(org_id=bob.tenant.org_id, user=User.objects.get(email=alice.email), role=Role.OWNER)
    key = made(signed_in(alice), organization_of(alice, "api-keys/"))["key"]
    assert search(key, project_id=bob.project_id) == 404
    assert with_key(key).get(organization_of(bob)).status_code == 404
    assert signed_in(alice).client.get(organization_of(bob)).status_code == 200


def test_a_projects_key_never_reaches_another_project_of_its_maker(alice: Person) -> None:
    session = signed_in(alice)
    other = request(session, "post", organization_of(alice, "projects/"), {"name": "other"}).json()["project_id"]
    assert search(alice.key, project_id=other) == 404
    path = organization_of(alice, f"projects/{other}/api-keys/")
    assert make(alice, path).status_code == 404
    key = made(session, path)["key"]
    assert search(key, project_id=other) == 200
    assert search(key, project_id=alice.project_id) == 404


def test_scopes_narrow_an_organizations_key(alice: Person) -> None:
    key = made(signed_in(alice), organization_of(alice, "api-keys/"), scopes=["memories:read"])["key"]
    assert search(key, project_id=alice.project_id) == 200
    add = {"messages": "I live in Rome", "user_id": "alex", "infer": False, "project_id": alice.project_id}
    refused = with_key(key).post("/v3/memories/add/", add, content_type="application/json")
    assert refused.status_code == 403


# --- When keys end


def test_a_revoked_key_stops_at_once_and_stays_revoked(alice: Person) -> None:
    new = made(alice)
    assert works(new["key"])
    first = request(alice, "delete", of_project(alice, new)).json()
    assert first["state"] == "revoked"
    assert ping(new["key"]).status_code == 401
    assert request(alice, "delete", of_project(alice, new)).json() == first
    assert request(alice, "get", of_project(alice, new)).json()["revoked_at"] == first["revoked_at"]


def test_a_key_stops_when_it_expires(alice: Person) -> None:
    new = made(alice, expires_at=(timezone.now() + timedelta(hours=1)).isoformat())
    assert works(new["key"])
    change_row(alice, new, expires_at=timezone.now())
    assert ping(new["key"]).status_code == 401
    assert request(alice, "get", of_project(alice, new)).json()["state"] == "expired"


def test_after_a_rotation_both_keys_work_until_the_grace_ends(alice: Person) -> None:
    old = made(alice, scopes=["memories:read"], rate_per_minute=7, allowed_cidrs=["127.0.0.0/8"])
    new = request(alice, "post", of_project(alice, old, "rotate/"), {"grace_hours": 2}).json()
    same = ("name", "kind", "scopes", "entity", "allowed_cidrs", "rate_per_minute", "daily_quota", "created_by")
    assert {name: new[name] for name in same} == {name: old[name] for name in same}
    assert new["rotated_from"] == old["id"]
    assert search(old["key"]) == search(new["key"]) == 200
    shown = request(alice, "get", of_project(alice, old)).json()
    assert shown["state"] == "retiring"
    assert datetime.fromisoformat(shown["grace_until"]) - timezone.now() > timedelta(hours=1.9)
    change_row(alice, old, grace_until=timezone.now())
    assert (search(old["key"]), search(new["key"])) == (401, 200)
    assert request(alice, "get", of_project(alice, old)).json()["state"] == "rotated"


def test_a_rotation_without_grace_ends_the_old_key_at_once(alice: Person) -> None:
    old = made(alice)
    new = request(alice, "post", of_project(alice, old, "rotate/"), {"grace_hours": 0}).json()
    assert (works(old["key"]), works(new["key"])) == (False, True)


@pytest.mark.parametrize("hours", [-1, 169, "soon"])
def test_a_grace_is_at_most_a_week(alice: Person, hours: Any) -> None:
    answer = request(alice, "post", of_project(alice, made(alice), "rotate/"), {"grace_hours": hours})
    assert list(answer.json()["errors"]) == ["grace_hours"]


def test_only_a_live_key_is_rotated_and_once(alice: Person) -> None:
    rotated, revoked, expired = (made(alice) for _ in range(3))
    request(alice, "post", of_project(alice, rotated, "rotate/"))
    request(alice, "delete", of_project(alice, revoked))
    change_row(alice, expired, expires_at=timezone.now())
    for key in (rotated, revoked, expired):
        assert request(alice, "post", of_project(alice, key, "rotate/")).status_code == 409
    for key in (revoked, expired):
        assert request(alice, "patch", of_project(alice, key), {"name": "again"}).status_code == 409


def test_nobody_gets_hold_of_a_key_that_acts_as_somebody_else(alice: Person) -> None:
    owner = member_of(alice, "owner@example.com", Role.OWNER)
    key = made(alice)
    assert request(owner, "post", of_project(alice, key, "rotate/")).status_code == 403
    assert request(owner, "patch", of_project(alice, key), {"rate_per_minute": 5}).status_code == 200
    assert request(owner, "delete", of_project(alice, key)).status_code == 200


def test_a_key_loses_what_its_maker_loses(alice: Person) -> None:
    member = member_of(alice, "member@example.com", Role.OWNER)
    key = made(signed_in(member))["key"]
    add = {"messages": "I live in Rome", "user_id": "alex", "infer": False}

    def statuses() -> tuple[int, int]:
        return search(key), with_key(key).post("/v3/memories/add/", add, content_type="application/json").status_code

    assert statuses() == (200, 200)
    assert alice.tenant.org_id
    with org_tx(alice.tenant.org_id):
        Membership.objects.filter(user__email=member.email).update(role=Role.READER)
    assert statuses() == (200, 403)
    with org_tx(alice.tenant.org_id):
        Membership.objects.filter(user__email=member.email).delete()
    assert statuses() == (401, 401)


# --- What changes


def test_name_networks_and_limits_change_and_are_cleared(alice: Person) -> None:
    path = of_project(alice, made(alice))
    given = {"name": "new", "allowed_cidrs": ["127.0.0.0/8"], "rate_per_minute": 5, "daily_quota": 9}
    changed = request(alice, "patch", path, given).json()
    assert {name: changed[name] for name in given} == given
    cleared: dict[str, Any] = {"allowed_cidrs": [], "rate_per_minute": None, "daily_quota": None}
    changed = request(alice, "patch", path, cleared).json()
    assert {name: changed[name] for name in cleared} == cleared
    assert changed["name"] == "new"


def test_a_key_can_end_earlier_and_never_later(alice: Person) -> None:
    path, now = of_project(alice, made(alice)), timezone.now()
    ends = [(now + timedelta(days=days)).isoformat() for days in (9, 3, 6)]
    answers = [request(alice, "patch", path, {"expires_at": end}) for end in ends]
    assert [answer.status_code for answer in answers] == [200, 200, 400]
    assert list(answers[-1].json()["errors"]) == ["expires_at"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"scopes": ["memories:read"]}, "scopes"),
        ({"scopes": None}, "scopes"),
        ({"entity": "user:sam"}, "entity"),
        ({"user_id": None}, "user_id"),
        ({"name": ""}, "non_field_errors"),
        ({}, "non_field_errors"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"allowed_cidrs": None}, "allowed_cidrs"),
        ({"rate_per_minute": 0}, "rate_per_minute"),
    ],
)
def test_what_cannot_change_is_no_silent_success(alice: Person, given: dict[str, Any], field: str) -> None:
    answer = request(alice, "patch", of_project(alice, made(alice, user_id="alex")), given)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]


def test_the_audit_log_tells_the_life_of_a_key_without_its_names(alice: Person) -> None:
    key = made(alice, user_id="alex@example.com", name="of Alex")
    request(alice, "patch", of_project(alice, key), {"name": "of Alexander", "daily_quota": 5})
    new = request(alice, "post", of_project(alice, key, "rotate/")).json()
    for _ in range(2):
        request(alice, "delete", of_project(alice, key))
    here = {"project": alice.project_id}
    assert logged(alice) == [
        ("key.create", key["id"], {"kind": "rk", "scopes": sorted(BOUND_SCOPES), **here}),
        ("key.change", key["id"], {"settings": ["daily_quota", "name"], **here}),
        ("key.rotate", key["id"], {"successor": new["id"], **here}),
        ("key.revoke", key["id"], here),
    ]
