"""API keys: their form, their lookup, and what the database holds of them (reliability.md §2.1)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from loci.tenancy.context import org_tx
from orgs import keys
from orgs.authentication import ApiKeyAuthentication
from orgs.models import ApiKey, AuditEntry, Membership, Role, User
from orgs.queries import Caller, Refused, caller_of
from orgs.roles import OWNER_OF_ORGANIZATION, READER_OF_ORGANIZATION, READER_OF_PROJECT, SCOPES
from orgs.services.api_keys import touch_key
from tests.conftest import Person, Services
from tests.orgs.support import member_of, with_restricted_key
from tests.tenancy.rows import connect, superuser

LOOKUP = "SELECT project_public_id FROM caller_by_digests(ARRAY[%s]::bytea[])"


def change_role(owner: Person, member: Person, role: str) -> None:
    assert owner.tenant.org_id
    with org_tx(owner.tenant.org_id):
        assert Membership.objects.filter(user__email=member.email).update(role=role) == 1


def change_key(person: Person, **changes: Any) -> None:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        assert ApiKey.objects.update(**changes) == 1


def known(key: str) -> Caller:
    caller = caller_of(key)
    assert isinstance(caller, Caller)
    return caller


def refusal(key: str) -> str:
    found = caller_of(key)
    assert isinstance(found, Refused)
    return found.reason


def last_used_at(person: Person) -> Any:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        return ApiKey.objects.get().last_used_at


def test_a_key_has_the_published_form_and_its_checksum() -> None:
    key = keys.new_key()
    assert keys.PATTERN.fullmatch(key)
    assert keys.is_well_formed(key)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: key[:20] + ("0" if key[20] != "0" else "1") + key[21:],
        lambda key: key[:-1] + ("0" if key[-1] != "0" else "1"),
        lambda key: key[:-1],
        lambda key: key + "\n",
        lambda key: f" {key}",
        lambda key: key.upper(),
        lambda key: "m0-" + key[8:],
        lambda _key: "",
        lambda _key: "loci_sk_",
        lambda _key: "' OR true --",
        lambda key: key.replace(key[10], "é"),
    ],
)
def test_a_malformed_key_is_refused_without_the_database(spoil: Callable[[str], str]) -> None:
    # No database fixture: a query would fail the test.
    assert caller_of(spoil(keys.new_key())) is None


def test_a_key_stands_for_its_project_and_its_maker(alice: Person, bob: Person) -> None:
    for person in (alice, bob):
        caller = known(person.key)
        assert (caller.tenant, caller.user_email) == (person.tenant, person.email)
        assert (caller.here.org_public_id, caller.here.project_public_id) == (person.org_id, person.project_id)
        assert caller.scopes == SCOPES


def test_a_lookup_is_one_query_and_gives_the_connection_back(alice: Person) -> None:
    with CaptureQueriesContext(connection) as queries:
        known(alice.key)
        assert connection.connection is None
    assert len(queries) == 1


def test_a_well_formed_key_that_nobody_made_is_unknown(alice: Person) -> None:
    assert caller_of(keys.new_key()) is None


def test_a_revoked_key_is_unknown_at_once(alice: Person) -> None:
    known(alice.key)
    change_key(alice, revoked_at=timezone.now())
    assert refusal(alice.key) == "revoked"


def test_a_key_is_unknown_from_the_moment_it_expires(alice: Person) -> None:
    change_key(alice, expires_at=timezone.now() + timedelta(minutes=1))
    known(alice.key)
    change_key(alice, expires_at=timezone.now())
    assert refusal(alice.key) == "expired"


def test_a_rotated_key_is_unknown_from_the_moment_its_grace_ends(alice: Person) -> None:
    change_key(alice, grace_until=timezone.now() + timedelta(minutes=1))
    known(alice.key)
    change_key(alice, grace_until=timezone.now())
    assert refusal(alice.key) == "rotated"


def test_a_key_of_somebody_who_left_is_unknown(alice: Person) -> None:
    User.objects.filter(email=alice.email).update(is_active=False)
    assert refusal(alice.key) == "of an inactive person"


def test_a_key_can_do_what_the_roles_of_its_maker_are_now(alice: Person) -> None:
    reader = member_of(alice, "reader@example.com", Role.READER)
    assert known(reader.key).scopes == READER_OF_PROJECT | READER_OF_ORGANIZATION
    change_role(alice, reader, role=Role.OWNER)
    assert known(reader.key).scopes == SCOPES
    assert alice.tenant.org_id
    with org_tx(alice.tenant.org_id):
        Membership.objects.filter(user__email=reader.email).delete()
    assert refusal(reader.key) == "of somebody who left"


def test_a_role_in_the_project_goes_before_that_in_the_organization(alice: Person) -> None:
    reader = member_of(alice, "reader@example.com", Role.READER, only_project=True)
    assert alice.tenant.org_id
    with org_tx(alice.tenant.org_id):
        Membership.objects.create(
            org_id=alice.tenant.org_id, user=User.objects.get(email=reader.email), role=Role.OWNER
        )
    assert known(reader.key).scopes == READER_OF_PROJECT | OWNER_OF_ORGANIZATION


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_a_restricted_key_has_its_own_scopes_and_no_other(alice: Person, scope: str) -> None:
    assert known(with_restricted_key(alice, (scope,)).key).scopes == {scope}


def test_a_restricted_key_never_grants_what_its_maker_lacks(alice: Person) -> None:
    reader = member_of(alice, "reader@example.com", Role.READER)
    narrow = with_restricted_key(reader, ("memories:read", "memories:write", "org:admin"))
    assert known(narrow.key).scopes == {"memories:read"}


def test_another_pepper_makes_another_digest(alice: Person, settings: Any) -> None:
    digest = keys.digest(alice.key)
    settings.KEY_PEPPER = "another pepper"
    assert keys.digest(alice.key) != digest
    assert caller_of(alice.key) is None


def test_a_key_moves_to_the_new_pepper_when_it_is_used(alice: Person, settings: Any) -> None:
    settings.KEY_PEPPER_OLD, settings.KEY_PEPPER = settings.KEY_PEPPER, "the next pepper"
    assert authenticate(f"Token {alice.key}")
    settings.KEY_PEPPER_OLD = ""
    assert known(alice.key).tenant == alice.tenant


def test_a_key_that_nobody_used_is_lost_with_its_pepper(alice: Person, settings: Any) -> None:
    settings.KEY_PEPPER, settings.KEY_PEPPER_OLD = "the next pepper", ""
    assert caller_of(alice.key) is None


def test_no_table_holds_the_key(alice: Person, services: Services) -> None:
    with superuser(services) as admin:
        query = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        tables = [name for (name,) in admin.execute(query)]
        content = "".join(
            str(admin.execute(f'SELECT array_agg(to_jsonb(t)) FROM "{table}" AS t').fetchone()) for table in tables
        )
    secret = alice.key[len("loci_sk_") : -4]
    assert keys.digest(alice.key).hex() in content
    assert [trace for trace in (alice.key, secret, secret.encode().hex()) if trace in content] == []


def test_only_the_app_may_look_keys_up(alice: Person, services: Services) -> None:
    with connect(services, "loci_app") as app, connect(services, "loci_system") as system:
        assert app.execute(LOOKUP, [keys.digest(alice.key)]).fetchone() == (alice.project_id,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            system.execute(LOOKUP, [keys.digest(alice.key)])


@pytest.mark.parametrize("table", ["api_key", "project", "organization", "user"])
def test_a_temporary_table_of_the_same_name_does_not_fool_the_lookup(
    alice: Person, bob: Person, services: Services, table: str
) -> None:
    with connect(services, "loci_app") as app:
        app.execute(f'CREATE TEMPORARY TABLE "{table}" AS SELECT * FROM public."{table}" WITH NO DATA')
        app.execute("SET search_path = pg_temp, public")
        assert app.execute(LOOKUP, [keys.digest(alice.key)]).fetchone() == (alice.project_id,)


def test_the_lookup_finds_a_key_whoever_the_session_acts_for(alice: Person, bob: Person) -> None:
    assert bob.tenant.org_id
    with org_tx(bob.tenant.org_id):
        assert known(alice.key).tenant == alice.tenant
        assert list(ApiKey._base_manager.values_list("org_id", flat=True)) == [bob.tenant.org_id]


def test_the_use_of_a_key_is_noted_at_most_once_a_minute(alice: Person) -> None:
    touch_key(known(alice.key), alice.key)
    first = last_used_at(alice)
    assert timezone.now() - first < timedelta(seconds=30)
    touch_key(known(alice.key), alice.key)
    assert last_used_at(alice) == first
    change_key(alice, last_used_at=first - timedelta(seconds=61))
    touch_key(known(alice.key), alice.key)
    assert last_used_at(alice) > first


def authenticate(header: str) -> Any:
    request = RequestFactory().get("/", headers={"authorization": header} if header else {})
    return ApiKeyAuthentication().authenticate(Request(request))


@pytest.mark.parametrize("keyword", ["Token", "token", "Bearer", "BEARER"])
def test_a_key_is_taken_after_either_keyword_in_any_case(alice: Person, keyword: str) -> None:
    caller, _ = authenticate(f"{keyword} {alice.key}")
    assert caller.tenant == alice.tenant


def test_without_the_header_nobody_is_authenticated(database: None) -> None:
    assert authenticate("") is None


@pytest.mark.parametrize("header", ["Token", "Basic abc", "Token a b", "Token x", "Token é"])
def test_any_other_header_is_refused_without_the_database(header: str) -> None:
    with pytest.raises(AuthenticationFailed):
        authenticate(header)


def test_authentication_leaves_no_connection_lent(alice: Person) -> None:
    authenticate(f"Token {alice.key}")
    assert connection.connection is None


def from_address(peer: str, key: str, forwarded: str = "") -> Any:
    headers = {"authorization": f"Token {key}"} | ({"x-forwarded-for": forwarded} if forwarded else {})
    request = RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers)
    return ApiKeyAuthentication().authenticate(Request(request))


@pytest.mark.parametrize("peer", ["203.0.113.9", "::ffff:203.0.113.9", "2001:db8::7"])
def test_a_key_works_from_the_networks_that_it_allows(alice: Person, peer: str) -> None:
    change_key(alice, allowed_cidrs=["203.0.113.0/24", "2001:db8::/32"])
    assert from_address(peer, alice.key)


@pytest.mark.parametrize("peer", ["203.0.114.1", "2001:db9::7", "::1", ""])
def test_from_anywhere_else_it_is_refused(alice: Person, peer: str) -> None:
    change_key(alice, allowed_cidrs=["203.0.113.0/24", "2001:db8::/32"])
    with pytest.raises(PermissionDenied):
        from_address(peer, alice.key)


def test_a_header_that_anybody_can_write_moves_nobody_into_a_network(alice: Person, settings: Any) -> None:
    change_key(alice, allowed_cidrs=["203.0.113.0/24"])
    with pytest.raises(PermissionDenied):
        from_address("198.51.100.1", alice.key, "203.0.113.9")
    settings.TRUSTED_PROXIES = 1
    with pytest.raises(PermissionDenied):
        from_address("10.0.0.1", alice.key, "203.0.113.9, 198.51.100.1")
    assert from_address("10.0.0.1", alice.key, "198.51.100.1, 203.0.113.9")


@pytest.mark.parametrize("forwarded", ["unknown", ",", "203.0.113.9.1", "_hidden"])
def test_who_cannot_be_told_behind_a_proxy_is_not_the_proxy(alice: Person, settings: Any, forwarded: str) -> None:
    change_key(alice, allowed_cidrs=["10.0.0.0/8"])
    settings.TRUSTED_PROXIES = 1
    with pytest.raises(PermissionDenied):
        from_address("10.0.0.1", alice.key, forwarded)


def test_the_organization_sees_that_a_key_was_used_from_elsewhere(alice: Person) -> None:
    change_key(alice, allowed_cidrs=["203.0.113.0/24"])
    with pytest.raises(PermissionDenied):
        from_address("198.51.100.1", alice.key)
    assert alice.tenant.org_id
    with org_tx(alice.tenant.org_id):
        entry = AuditEntry.objects.get(action="key.use")
    assert (entry.outcome, entry.ip, entry.details) == ("denied", "198.51.100.1", {"reason": "address"})


def test_nothing_is_done_for_a_request_whose_place_is_not_known_yet() -> None:
    nowhere = Caller(user_id=uuid4(), user_email="sam@example.com")
    for asked in ("here", "tenant", "scopes"):
        with pytest.raises(RuntimeError, match="not located"):
            getattr(nowhere, asked)
