"""The audit log over REST: who may read it, how it is searched, and that anybody can verify an export."""

import hashlib
import json
from typing import Any

import pytest
from django.db import connection
from django.http import StreamingHttpResponse

from loci.tenancy.context import org_tx
from orgs import audit, audit_queries
from orgs.models import User
from orgs.queries import caller_of
from tests.conftest import Person
from tests.memories.support import Json, call
from tests.orgs.support import member_of, organization_of, signed_in, with_organization_key, with_restricted_key


def record(person: Person, *actions: str, **details: Any) -> None:
    """Records actions of the person's own key."""
    caller: Any = caller_of(person.key)
    with org_tx(caller.here.org_id):
        for action in actions:
            audit.record(caller, action, action.partition(".")[0], "one", **details)


def page(person: Person, query: str = "") -> Json:
    response = call(person, "GET", organization_of(person, f"audit/?{query}"))
    assert response.status_code == 200, response.content
    found: Json = response.json()
    return found


def found(person: Person, query: str = "") -> list[str]:
    return [row["action"] for row in page(person, query)["results"]]


def exported(person: Person) -> list[Json]:
    response = call(person, "GET", organization_of(person, "audit/export/"))
    assert (response.status_code, response["Content-Type"]) == (200, "application/x-ndjson")
    return [json.loads(line) for line in response.getvalue().splitlines()]


def test_the_log_says_who_did_what(alice: Person) -> None:
    record(alice, "project.update", settings=["name"])
    (row,) = page(alice)["results"]
    caller: Any = caller_of(alice.key)
    said = ("number", "actor_type", "actor_id", "key_id", "actor_email", "action", "object_type", "object_id")
    assert tuple(row[name] for name in said) == (
        1,
        "key",
        str(caller.user_id),
        str(caller.key_id),
        "alice@example.com",
        "project.update",
        "project",
        "one",
    )
    assert (row["outcome"], row["details"], row["previous_hash"]) == ("done", {"settings": ["name"]}, "")


def test_the_log_is_paged_newest_first(alice: Person) -> None:
    record(alice, "member.add", "member.change", "member.remove")
    first = page(alice, "page_size=2")
    assert [row["number"] for row in first["results"]] == [3, 2]
    assert (first["count"], first["previous"]) == (3, None)
    assert found(alice, "page_size=2&page=2") == ["member.add"]
    assert call(alice, "GET", organization_of(alice, "audit/?page=2")).status_code == 404


def test_each_filter_narrows_and_all_must_hold(alice: Person) -> None:
    record(alice, "member.add", "members.count", "key.create")
    caller: Any = caller_of(alice.key)
    assert found(alice, "action=member.add") == ["member.add"]
    assert found(alice, "action=member.") == ["member.add"]
    assert found(alice, "object_type=key") == ["key.create"]
    assert found(alice, "objectType=key&action=member.") == []
    assert found(alice, "object_id=two") == []
    assert len(found(alice, "outcome=done")) == 3
    for everything in ["actor=ALICE@example.com", f"actor={caller.user_id}", f"key_id={caller.key_id}"]:
        assert len(found(alice, everything)) == 3, everything
    assert len(found(alice, "from=2026-01-01T00:00:00Z&to=2999-01-01T00:00:00Z")) == 3
    assert found(alice, "from=2999-01-01T00:00:00Z") == []
    assert found(alice, "to=2020-01-01T00:00:00%2B02:00") == []


def test_a_request_is_found_by_its_id(alice: Person) -> None:
    call(alice, "DELETE", "/v1/memories/?user_id=alex", None, **{"x-request-id": "this-one"})
    assert found(alice, "request_id=this-one") == ["memory.delete_all"]
    assert found(alice, "request_id=another") == []


@pytest.mark.parametrize("actor", ["nobody@example.com", "bob@example.org", "01930000-0000-7000-8000-000000000000"])
def test_whoever_did_nothing_here_is_like_nobody(alice: Person, bob: Person, actor: str) -> None:
    record(alice, "member.add")
    record(bob, "member.add")
    assert found(alice, f"actor={actor}") == []


def test_what_the_system_did_is_not_nobody_s(alice: Person) -> None:
    assert alice.tenant.org_id
    with org_tx(alice.tenant.org_id):
        audit.record(audit.SYSTEM, "project.update", "project")
    assert found(alice, "actor=nobody@example.com") == []
    assert [row["actor_type"] for row in page(alice)["results"]] == ["system"]


@pytest.mark.parametrize("query", ["from=yesterday", "to=x", "key_id=1", "outcome=maybe", "page=0", "page_size=999"])
def test_filters_that_cannot_be_read_are_refused(alice: Person, query: str) -> None:
    assert call(alice, "GET", organization_of(alice, f"audit/?{query}")).status_code == 400


@pytest.mark.parametrize("rest", ["audit/", "audit/export/"])
def test_only_owners_of_the_organization_read_the_log(alice: Person, bob: Person, rest: str) -> None:
    path = organization_of(alice, rest)
    for person in (alice, signed_in(alice), with_organization_key(alice), with_restricted_key(alice, ("org:admin",))):
        assert call(person, "GET", path).status_code == 200
    for person in (
        member_of(alice, "reader@example.com", "READER"),
        signed_in(member_of(alice, "other@example.com", "READER")),
        member_of(alice, "project@example.com", "OWNER", only_project=True),
        with_restricted_key(alice, ("org:read", "project:admin")),
    ):
        assert call(person, "GET", path).status_code == 403
    unknown = path.replace(alice.org_id, "org_nobody")
    foreign, nobodys = (call(bob, "GET", each) for each in (path, unknown))
    assert (foreign.status_code, foreign.json()["message"]) == (404, "Organization not found")
    assert (nobodys.status_code, nobodys.json()["message"]) == (404, "Organization not found")


def test_an_export_is_verified_with_sha256_alone(alice: Person, bob: Person) -> None:
    record(bob, "member.add")
    record(alice, "member.add", "member.change", settings=["naïve", "☃"], count=3)
    *lines, head = exported(alice)
    previous = ""
    for number, line in enumerate(lines, start=1):
        claimed = line.pop("hash")
        text = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(text.encode()).hexdigest() == claimed
        assert (line["number"], line["previous_hash"]) == (number, previous)
        previous = claimed
    assert head == {"head": {"number": 3, "hash": previous}}
    assert [line["action"] for line in lines] == ["member.add", "member.change", "audit.export"]
    assert "@" not in json.dumps(lines)


def test_an_export_that_is_read_slowly_holds_no_connection(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_queries, "READ_AT_ONCE", 2)
    record(alice, *["member.add"] * 5)
    response: Any = call(alice, "GET", organization_of(alice, "audit/export/"))
    assert isinstance(response, StreamingHttpResponse)
    parts = []
    for part in response:
        assert connection.connection is None
        record(alice, "member.change")
        parts.append(part)
    assert [len(part.splitlines()) for part in parts] == [2, 2, 2, 1]
    assert json.loads(parts[-1])["head"]["number"] == 6


def test_an_entry_outlives_the_account_of_who_acted(alice: Person) -> None:
    record(alice, "member.add")
    User.objects.filter(email=alice.email).update(email="renamed@example.com")
    assert page(alice)["results"][0]["actor_email"] == "renamed@example.com"
