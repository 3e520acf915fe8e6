"""Nobody hands on more than they have, nor after they have lost it: roles, invitations, identity providers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from loci.errors import DomainError
from loci.tenancy.context import org_tx
from orgs.models import IdentityProvider, Invitation, Membership
from orgs.queries import Caller, caller_of
from orgs.services.api_keys import Restrictions, create_key
from orgs.services.deletion import delete_project
from orgs.services.invitations import pending
from orgs.services.members import add_member, remove_member
from tests.conftest import Person
from tests.orgs.support import member_of, organization_of, project_of, signed_in, with_key, with_restricted_key

NEW = "new@example.com"
PROVIDER = {
    "kind": "oidc",
    "name": "Staff",
    "server_url": "https://login.corp.example",
    "client_id": "loci",
    "client_secret": "s",
}
RESTRICTIONS: list[dict[str, Any]] = [
    {"scopes": ("org:admin", "project:admin")},
    {"allowed_cidrs": ("127.0.0.0/8",)},
    {"rate_per_minute": 60},
    {"daily_quota": 1000},
    {"expires_at": timezone.now() + timedelta(days=3650)},
]
restricted = pytest.mark.parametrize("restriction", RESTRICTIONS, ids=lambda given: next(iter(given)))


def by_key(person: Person, **restriction: Any) -> Person:
    """Returns the person with a new key of their project."""
    caller = caller_of(person.key)
    assert isinstance(caller, Caller)
    return replace(person, client=with_key(create_key(caller, "narrow", Restrictions(**restriction)).secret))


def send(by: Person, method: str, path: str, body: dict[str, Any] | None = None) -> int:
    return int(getattr(by.client, method)(path, body or {}, content_type="application/json").status_code)


def rows(person: Person, model: Any) -> list[Any]:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        return list(model.objects.order_by("id"))


def invited_emails(person: Person) -> set[str]:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        return set(pending().values_list("email", flat=True))


def caller_by_session(person: Person) -> Caller:
    caller = caller_of(person.key)
    assert isinstance(caller, Caller)
    return replace(caller, key=None, only_org=None)


@restricted
def test_a_key_with_any_restriction_gives_no_role(alice: Person, restriction: dict[str, Any]) -> None:
    carol = member_of(alice, "carol@example.com", "READER")
    narrow = by_key(alice, **restriction)
    for place in (organization_of, project_of):
        members = place(alice, "members/")
        assert send(narrow, "post", members, {"email": NEW, "role": "OWNER"}) == 403
        assert send(narrow, "put", members, {"email": carol.email, "role": "OWNER"}) == 403
    assert rows(alice, Invitation) == []
    assert {row.role for row in rows(alice, Membership) if row.user_id != caller_by_session(alice).user_id} == {
        "READER"
    }


@restricted
def test_a_key_with_any_restriction_sends_no_invitation_again(alice: Person, restriction: dict[str, Any]) -> None:
    send(alice, "post", organization_of(alice, "members/"), {"email": NEW, "role": "OWNER"})
    [before] = rows(alice, Invitation)
    assert send(by_key(alice, **restriction), "post", organization_of(alice, f"invitations/{before.id}/resend/")) == 403
    assert [row.expires_at for row in rows(alice, Invitation)] == [before.expires_at]


@restricted
def test_a_key_with_any_restriction_sets_up_no_identity_provider(alice: Person, restriction: dict[str, Any]) -> None:
    narrow = by_key(alice, **restriction)
    assert send(narrow, "post", organization_of(alice, "identity-providers/"), PROVIDER) == 403
    assert send(alice, "post", organization_of(alice, "identity-providers/"), PROVIDER) == 201
    [provider] = rows(alice, IdentityProvider)
    path = organization_of(alice, f"identity-providers/{provider.public_id}/")
    assert send(narrow, "patch", path, {"default_role": "OWNER"}) == 403
    assert [row.default_role for row in rows(alice, IdentityProvider)] == [provider.default_role]


def test_a_restricted_key_with_the_scope_still_takes_roles_and_providers_away(alice: Person) -> None:
    carol = member_of(alice, "carol@example.com", "READER")
    send(alice, "post", organization_of(alice, "identity-providers/"), PROVIDER)
    [provider] = rows(alice, IdentityProvider)
    admin = with_restricted_key(alice, ("org:admin",))
    assert send(admin, "delete", organization_of(alice, "members/"), {"email": carol.email}) == 200
    assert send(admin, "delete", organization_of(alice, f"identity-providers/{provider.public_id}/")) == 200


def test_who_is_removed_takes_their_open_invitations_with_them(alice: Person) -> None:
    carol = member_of(alice, "carol@example.com", "OWNER")
    for email, path in [("a@example.com", organization_of(alice)), ("b@example.com", project_of(alice))]:
        send(carol, "post", f"{path}members/", {"email": email, "role": "OWNER"})
    send(alice, "post", organization_of(alice, "members/"), {"email": NEW, "role": "READER"})
    assert invited_emails(alice) == {"a@example.com", "b@example.com", NEW}
    assert send(alice, "delete", organization_of(alice, "members/"), {"email": carol.email}) == 200
    assert invited_emails(alice) == {NEW}


def test_who_is_demoted_keeps_the_invitations_to_what_they_still_own(alice: Person) -> None:
    carol = member_of(alice, "carol@example.com", "OWNER")
    send(alice, "post", project_of(alice, "members/"), {"email": carol.email, "role": "OWNER"})
    for email, path in [("a@example.com", organization_of(alice)), ("b@example.com", project_of(alice))]:
        send(carol, "post", f"{path}members/", {"email": email, "role": "READER"})
    send(alice, "put", organization_of(alice, "members/"), {"email": carol.email, "role": "READER"})
    assert invited_emails(alice) == {"b@example.com"}
    send(alice, "put", project_of(alice, "members/"), {"email": carol.email, "role": "READER"})
    assert invited_emails(alice) == set()


def test_an_owner_who_is_narrowed_in_a_project_has_invited_nobody_there(alice: Person) -> None:
    carol = member_of(alice, "carol@example.com", "OWNER")
    send(carol, "post", project_of(alice, "members/"), {"email": NEW, "role": "OWNER"})
    assert send(alice, "post", project_of(alice, "members/"), {"email": carol.email, "role": "READER"}) == 200
    assert invited_emails(alice) == set()


def test_a_role_that_is_lost_while_a_request_waits_does_nothing_any_more(alice: Person) -> None:
    """The caller is as the request found them when it began."""
    carol = member_of(alice, "carol@example.com", "OWNER")
    in_project = caller_by_session(carol)
    in_organization = replace(in_project, place=in_project.here.organization())
    send(alice, "put", organization_of(alice, "members/"), {"email": carol.email, "role": "READER"})
    changes: list[Callable[[], object]] = [
        lambda: add_member(in_organization, NEW, "OWNER"),
        lambda: add_member(in_project, NEW, "OWNER"),
        lambda: remove_member(in_organization, alice.email),
        lambda: delete_project(in_project),
    ]
    for change in changes:
        with pytest.raises(DomainError) as refused:
            change()
        assert refused.value.status == 403
    send(alice, "delete", organization_of(alice, "members/"), {"email": carol.email})
    with pytest.raises(DomainError) as refused:
        add_member(in_organization, NEW, "OWNER")
    assert refused.value.status == 404
    assert invited_emails(alice) == set()


def test_an_owner_of_one_project_changes_no_role_of_an_owner_of_the_organization(alice: Person) -> None:
    carol = member_of(alice, "carol@example.com", "OWNER", only_project=True)
    members = project_of(alice, "members/")
    for method in ("post", "put"):
        assert send(carol, method, members, {"email": alice.email, "role": "READER"}) == 403
    assert send(alice, "post", members, {"email": alice.email, "role": "OWNER"}) == 200
    assert send(carol, "delete", members, {"email": alice.email}) == 403
    assert send(signed_in(alice), "put", members, {"email": alice.email, "role": "READER"}) == 200
