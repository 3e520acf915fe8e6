"""Members of organizations and projects over HTTP (contract.md §10)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loci.tenancy.context import org_tx
from orgs.models import AuditEntry, Invitation, Membership, User
from tests.conftest import Person
from tests.orgs.support import member_of, organization_of, project_of, signed_in, with_restricted_key

NOBODY = {"message": "User not found"}
Place = Callable[[Person, str], str]
PLACES = pytest.mark.parametrize("place", [organization_of, project_of], ids=["organization", "project"])


def add(by: Person, place: Place, email: str, role: str = "READER") -> Any:
    return by.client.post(place(by, "members/"), {"email": email, "role": role}, "application/json")


def change(by: Person, place: Place, email: str, role: str) -> Any:
    return by.client.put(place(by, "members/"), {"email": email, "role": role}, "application/json")


def remove(by: Person, place: Place, email: str) -> Any:
    return by.client.delete(place(by, "members/"), {"email": email}, "application/json")


def members(by: Person, place: Place) -> dict[str, tuple[str, str]]:
    """Role and status by email."""
    answer = by.client.get(place(by, "members/"))
    assert answer.status_code == 200
    return {each["email"]: (each["role"], each["status"]) for each in answer.json()["members"]}


def said(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["message"]


def rows(person: Person, model: Any, **which: Any) -> list[Any]:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        return list(model.objects.filter(**which).order_by("id"))


def test_the_lists_say_who_belongs_with_the_hosted_keys(alice: Person) -> None:
    user_id = str(User.objects.get(email=alice.email).id)
    me = {"username": "alice", "role": "OWNER", "email": alice.email, "user_id": user_id, "status": "active"}
    assert alice.client.get(organization_of(alice, "members/")).json() == {"members": [me]}
    assert alice.client.get(project_of(alice, "members")).json() == {"members": [me]}


def test_somebody_is_added_to_an_organization_in_the_hosted_words(alice: Person) -> None:
    assert said(add(alice, organization_of, "new@example.com", "OWNER")) == (201, "User added to the organization.")
    assert members(alice, organization_of)["new@example.com"] == ("OWNER", "invited")


def test_somebody_is_added_to_a_project_in_the_hosted_words_as_a_reader_where_no_role_is_given(alice: Person) -> None:
    answer = alice.client.post(project_of(alice, "members/"), {"email": "new@example.com"}, "application/json")
    assert said(answer) == (200, "User added to the project successfully.")
    assert members(alice, project_of)["new@example.com"] == ("READER", "invited")
    assert "new@example.com" not in members(alice, organization_of)


def test_whether_an_email_has_an_account_makes_no_difference(alice: Person, bob: Person) -> None:
    add(alice, organization_of, "first@example.org")  # Notes that the key is used.
    work = []
    for email in ("nobody@example.org", bob.email):
        with CaptureQueriesContext(connection) as queries:
            answer = add(alice, organization_of, email)
        work.append((answer.status_code, answer.content, [_shape(each["sql"]) for each in queries]))
    assert work[0] == work[1]
    assert {status for _, status in members(alice, organization_of).values()} == {"active", "invited"}


def _shape(sql: str) -> str:
    """What a statement does to what, without values."""
    return " ".join(word for word in sql.split()[:4] if not any(map(str.isdigit, word)))


@PLACES
def test_who_is_a_member_is_not_added_twice(alice: Person, place: Place) -> None:
    member_of(alice, "carol@example.com", "READER", only_project=place is project_of)
    assert said(add(alice, place, "Carol@Example.com", "OWNER")) == (400, "User is already a member.")
    assert members(alice, place)["carol@example.com"] == ("READER", "active")


@PLACES
def test_an_email_is_one_person_in_whatever_spelling(alice: Person, place: Place) -> None:
    assert add(alice, place, "josé@example.com").status_code == 400  # No mail server takes it so.
    assert add(alice, place, " NEW@Example.COM ").status_code in {200, 201}
    assert add(alice, place, "new@example.com").status_code in {200, 201}
    assert change(alice, place, "New@example.com", "OWNER").status_code == 200
    assert members(alice, place)["new@example.com"] == ("OWNER", "invited")
    assert len(rows(alice, Invitation)) == 1


def test_a_member_of_the_organization_gets_a_role_in_a_project_at_once(alice: Person) -> None:
    carol = member_of(alice, "carol@example.com", "READER")
    assert carol.client.patch(project_of(alice), {"name": "hers"}, "application/json").status_code == 403
    assert add(alice, project_of, carol.email, "OWNER").status_code == 200
    assert members(alice, project_of)[carol.email] == ("OWNER", "active")
    assert members(alice, organization_of)[carol.email] == ("READER", "active")
    assert carol.client.patch(project_of(alice), {"name": "hers"}, "application/json").status_code == 200


def test_a_role_in_a_project_may_be_narrower_than_the_one_in_the_organization(alice: Person) -> None:
    carol = member_of(alice, "carol@example.com", "OWNER")
    assert said(change(alice, project_of, carol.email, "READER")) == (200, "User role updated successfully.")
    assert add(carol, project_of, "new@example.com").status_code == 403
    assert said(remove(carol, project_of, carol.email)) == (200, "Member removed from the project")
    assert members(carol, project_of)[carol.email] == ("OWNER", "active")


def test_a_role_is_changed_in_the_hosted_words_and_counts_at_once(alice: Person) -> None:
    carol = member_of(alice, "carol@example.com", "READER")
    assert add(carol, organization_of, "new@example.com").status_code == 403
    assert said(change(alice, organization_of, carol.email, "OWNER")) == (200, "User role updated successfully")
    assert add(carol, organization_of, "new@example.com").status_code == 201


def test_somebody_is_removed_from_an_organization_and_all_of_its_projects(alice: Person) -> None:
    carol = member_of(alice, "carol@example.com", "READER")
    add(alice, project_of, carol.email, "OWNER")
    assert said(remove(alice, organization_of, carol.email)) == (200, "User removed from organization.")
    assert carol.email not in members(alice, project_of)
    assert [row.user.email for row in rows(alice, Membership)] == [alice.email]


def test_who_belongs_to_one_project_only_is_removed_by_the_organization(alice: Person) -> None:
    carol = member_of(alice, "carol@example.com", "READER", only_project=True)
    assert remove(alice, organization_of, carol.email).status_code == 200
    assert carol.email not in members(alice, project_of)


@PLACES
def test_the_email_of_a_removal_may_stand_in_the_query_or_in_the_body(alice: Person, place: Place) -> None:
    for email in ("one@example.com", "two@example.com"):
        add(alice, place, email)
    assert remove(alice, place, "one@example.com").status_code == 200
    assert alice.client.delete(place(alice, "members/?email=Two@example.com")).status_code == 200
    assert list(members(alice, place)) == [alice.email]


def test_who_belongs_to_a_project_through_the_organization_is_not_removed_from_it(alice: Person) -> None:
    carol = member_of(alice, "carol@example.com", "READER")
    assert said(remove(alice, project_of, carol.email)) == (
        400,
        "User belongs to the project through the organization.",
    )


@PLACES
def test_nobody_is_changed_or_removed_who_is_neither_member_nor_invited(
    alice: Person, bob: Person, place: Place
) -> None:
    for email in (bob.email, "nobody@example.com"):
        for answer in (change(alice, place, email, "OWNER"), remove(alice, place, email)):
            assert (answer.status_code, {"message": answer.json()["message"]}) == (404, NOBODY)


@PLACES
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "no email", "role": "READER"},
        {"email": ["a@example.com"], "role": "READER"},
        {"email": "a@example.com", "role": "ADMIN"},
        {"email": "a@example.com", "role": 1},
        {"email": f"{'a' * 250}@example.com", "role": "READER"},
        {"email": "a@example.com\nBcc: b@example.com", "role": "READER"},
    ],
)
def test_what_is_no_email_or_role_is_refused_by_field(alice: Person, place: Place, body: dict[str, Any]) -> None:
    answer = alice.client.post(place(alice, "members/"), body, "application/json")
    assert answer.status_code == 400
    assert answer.json()["errors"]
    assert rows(alice, Invitation) == []


@PLACES
def test_only_owners_change_others(alice: Person, place: Place) -> None:
    carol = member_of(alice, "carol@example.com", "READER", only_project=place is project_of)
    words = "Unauthorized to modify project members." if place is project_of else "Unauthorized"
    for answer in (
        add(carol, place, "new@example.com"),
        change(carol, place, carol.email, "OWNER"),
        remove(carol, place, alice.email),
    ):
        assert said(answer) == (403, words)


def test_an_owner_of_one_project_manages_that_project_and_nothing_else(alice: Person) -> None:
    carol = member_of(alice, "carol@example.com", "OWNER", only_project=True)
    assert add(carol, project_of, "new@example.com").status_code == 200
    assert members(carol, project_of) == {
        carol.email: ("OWNER", "active"),
        "new@example.com": ("READER", "invited"),
    }
    assert carol.client.get(organization_of(alice, "members/")).status_code == 403
    assert add(carol, organization_of, "new@example.com").status_code == 403


def test_readers_do_not_see_who_is_invited(alice: Person) -> None:
    carol = member_of(alice, "carol@example.com", "READER")
    add(alice, organization_of, "new@example.com")
    assert set(members(carol, organization_of)) == {alice.email, carol.email}


@PLACES
def test_everybody_may_leave(alice: Person, place: Place) -> None:
    carol = member_of(alice, "carol@example.com", "READER", only_project=place is project_of)
    assert remove(signed_in(carol), place, carol.email).status_code == 200
    assert list(members(alice, place)) == [alice.email]
    assert signed_in(carol).client.get(place(alice, "")).status_code == 404


def test_a_restricted_key_does_not_make_its_maker_leave(alice: Person) -> None:
    carol = member_of(alice, "carol@example.com", "READER")
    narrow = with_restricted_key(carol, ("memories:read", "org:read"))
    assert remove(narrow, organization_of, carol.email).status_code == 403
    assert carol.email in members(alice, organization_of)


def test_the_last_owner_of_an_organization_stays(alice: Person) -> None:
    member_of(alice, "carol@example.com", "READER")
    words = "The organization would be left without an owner."
    assert said(remove(alice, organization_of, alice.email)) == (400, words)
    assert said(change(alice, organization_of, alice.email, "READER")) == (400, words)
    assert members(alice, organization_of)[alice.email] == ("OWNER", "active")


def test_a_project_keeps_an_owner_whom_its_organization_does_not_count(alice: Person) -> None:
    carol = member_of(alice, "carol@example.com", "OWNER", only_project=True)
    assert change(alice, project_of, alice.email, "READER").status_code == 200
    words = "The project default-project would be left without an owner."
    for answer in (
        remove(carol, project_of, carol.email),
        change(carol, project_of, carol.email, "READER"),
        remove(signed_in(alice), organization_of, carol.email),
    ):
        assert said(answer) == (400, words)
    assert remove(signed_in(alice), project_of, alice.email).status_code == 200  # Back to the organization's role.
    assert remove(signed_in(alice), organization_of, carol.email).status_code == 200


def test_an_only_owner_cannot_be_narrowed_in_a_project(alice: Person) -> None:
    words = "The project default-project would be left without an owner."
    assert said(add(alice, project_of, alice.email, "READER")) == (400, words)
    assert said(change(alice, project_of, alice.email, "READER")) == (400, words)


@pytest.mark.parametrize("act", [remove, lambda by, place, email: change(by, place, email, "READER")])
def test_of_two_owners_who_leave_at_once_one_stays(alice: Person, act: Callable[..., Any]) -> None:
    carol = member_of(alice, "carol@example.com", "OWNER")
    for _ in range(5):
        at_once = Barrier(2)

        def leave(person: Person, at_once: Barrier = at_once) -> int:
            at_once.wait()
            try:
                return int(act(person, organization_of, person.email).status_code)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            statuses = list(pool.map(leave, (alice, carol)))
        assert sorted(statuses) == [200, 400]
        [stayed] = [row.user for row in rows(alice, Membership, role="OWNER")]
        with org_tx(alice.tenant.org_id):  # type: ignore[arg-type]  # everybody here has an organization
            Membership.objects.all().delete()
            for person in (alice, carol):
                user = User.objects.get(email=person.email)
                Membership.objects.create(org_id=alice.tenant.org_id, user=user, role="OWNER")
        assert stayed.email in {alice.email, carol.email}


def test_the_keys_of_who_was_removed_stop_at_once(alice: Person) -> None:
    carol = member_of(alice, "carol@example.com", "OWNER")
    assert carol.client.get("/v1/memories/?user_id=alex").status_code == 200
    remove(alice, organization_of, carol.email)
    for path in ("/v1/memories/?user_id=alex", "/v1/ping/", organization_of(alice)):
        assert carol.client.get(path).status_code == 401


@PLACES
def test_members_of_another_organization_are_not_found(alice: Person, bob: Person, place: Place) -> None:
    stranger = replace(alice, client=bob.client)
    for answer in (
        stranger.client.get(place(alice, "members/")),
        add(stranger, place, "new@example.com"),
        change(stranger, place, alice.email, "READER"),
        remove(stranger, place, alice.email),
    ):
        assert answer.status_code == 404
    assert list(members(alice, place)) == [alice.email]


def test_every_change_of_members_is_in_the_audit_log_without_emails(alice: Person) -> None:
    carol = member_of(alice, "carol@example.com", "READER")
    add(alice, project_of, carol.email, "OWNER")
    change(alice, organization_of, carol.email, "OWNER")
    add(alice, organization_of, "new@example.com")
    change(alice, organization_of, "new@example.com", "OWNER")
    remove(alice, organization_of, "new@example.com")
    remove(alice, organization_of, carol.email)
    entries = rows(alice, AuditEntry)
    assert [entry.action for entry in entries] == [
        "member.add",
        "member.change",
        "invitation.create",
        "invitation.change",
        "invitation.revoke",
        "member.remove",
    ]
    assert "@" not in "".join(f"{entry.object_id}{entry.details}" for entry in entries)


def test_a_repeated_request_adds_once(alice: Person) -> None:
    body = {"email": "new@example.com", "role": "READER"}
    for _ in range(2):
        answer = alice.client.post(
            organization_of(alice, "members/"), body, "application/json", headers={"idempotency-key": "one"}
        )
        assert answer.status_code == 201
    assert [entry.action for entry in rows(alice, AuditEntry)] == ["invitation.create"]
