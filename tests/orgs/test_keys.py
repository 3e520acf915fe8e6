"""API keys: their form, their lookup, and what the database holds of them (reliability.md §2.1)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from loci.tenancy.context import org_tx
from orgs import keys
from orgs.authentication import ApiKeyAuthentication
from orgs.models import ApiKey, User
from orgs.queries import Caller, caller_of
from orgs.services import touch_key
from tests.conftest import Person, Services
from tests.tenancy.rows import connect, superuser

LOOKUP = "SELECT project_public_id FROM caller_by_digest(%s)"


def change_key(person: Person, **changes: Any) -> None:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        assert ApiKey.objects.update(**changes) == 1


def known(key: str) -> Caller:
    caller = caller_of(key)
    assert caller
    return caller


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
        assert (caller.org_public_id, caller.project_public_id) == (person.org_id, person.project_id)
        assert caller.scopes == set(keys.DEFAULT_SCOPES)


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
    assert caller_of(alice.key) is None


def test_a_key_is_unknown_from_the_moment_it_expires(alice: Person) -> None:
    change_key(alice, expires_at=timezone.now() + timedelta(minutes=1))
    known(alice.key)
    change_key(alice, expires_at=timezone.now())
    assert caller_of(alice.key) is None


def test_a_key_of_somebody_who_left_is_unknown(alice: Person) -> None:
    User.objects.filter(email=alice.email).update(is_active=False)
    assert caller_of(alice.key) is None


def test_another_pepper_makes_another_digest(alice: Person, settings: Any) -> None:
    digest = keys.digest(alice.key)
    settings.KEY_PEPPER = "another pepper"
    assert keys.digest(alice.key) != digest
    assert caller_of(alice.key) is None


def test_no_table_holds_the_key(alice: Person, services: Services) -> None:
    with superuser(services) as admin:
        query = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        tables = [name for (name,) in admin.execute(query)]
        content = "".join(
            str(admin.execute(f'SELECT array_agg(to_jsonb(t)) FROM "{table}" AS t').fetchone()) for table in tables
        )
    secret = alice.key[len(keys.PREFIX) : -4]
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
    touch_key(known(alice.key))
    first = last_used_at(alice)
    assert timezone.now() - first < timedelta(seconds=30)
    touch_key(known(alice.key))
    assert last_used_at(alice) == first
    change_key(alice, last_used_at=first - timedelta(seconds=61))
    touch_key(known(alice.key))
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
