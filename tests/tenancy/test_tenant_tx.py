"""The transaction that names the tenant, and the connection that it borrows."""

import contextlib
import threading
from uuid import uuid4

import pytest
from django.db import DataError, connection, transaction

from loci.tenancy.context import NoTenant, Tenant, current_org_id, current_tenant, has_tenant, org_tx, tenant_tx
from memories.models import Memory
from orgs.models import Organization, Project
from tests.conftest import Person
from tests.pool import lends
from tests.tenancy.rows import make_rows

HOSTILE = [
    "user:x'; DROP TABLE memory; --",
    "user:\\'; SELECT 1; --",
    'user:"$$%s%(a)s{}',
    "user:\n\t☃",
    "user:" + "x" * 5000,
]


def settings_of_the_session() -> tuple[int, list[str]]:
    """Returns the backend's process id and what the tenant's settings are in a transaction without one."""
    names = ["app.project", "app.org", "app.entity"]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_backend_pid(), array_agg(coalesce(current_setting(n, true), '')) FROM unnest(%s::text[]) n",
            [names],
        )
        return tuple(cursor.fetchone())


def test_inside_the_tenant_is_known_and_afterwards_it_is_not(alice: Person) -> None:
    with tenant_tx(alice.tenant):
        assert current_tenant() == alice.tenant
        assert current_org_id() == alice.tenant.org_id
    assert not has_tenant()
    with pytest.raises(NoTenant):
        current_tenant()


def test_a_nested_transaction_of_the_same_tenant_joins_the_outer_one(alice: Person) -> None:
    make_rows(alice.tenant)
    with contextlib.suppress(ZeroDivisionError), tenant_tx(alice.tenant):
        with tenant_tx(alice.tenant):
            Memory.objects.update(text="changed")
        assert Memory.objects.filter(text="changed").count() == 1
        raise ZeroDivisionError
    with tenant_tx(alice.tenant):
        assert Memory.objects.filter(text="changed").count() == 0


def test_a_nested_transaction_of_another_tenant_is_refused(alice: Person, bob: Person) -> None:
    bound = Tenant(alice.tenant.project_id, alice.tenant.org_id, entity="user:alex")
    for other in [bob.tenant, bound, Tenant(alice.tenant.project_id)]:
        with pytest.raises(RuntimeError, match="two tenants"), tenant_tx(alice.tenant), tenant_tx(other):
            pass
    assert not has_tenant()


def test_transactions_of_a_project_and_of_an_organization_do_not_mix(alice: Person, bob: Person) -> None:
    assert alice.tenant.org_id
    with pytest.raises(RuntimeError), tenant_tx(bob.tenant), org_tx(alice.tenant.org_id):
        pass
    with pytest.raises(RuntimeError), org_tx(alice.tenant.org_id), tenant_tx(bob.tenant):
        pass
    assert not has_tenant()


def test_an_exception_rolls_back_and_leaves_no_tenant(alice: Person) -> None:
    make_rows(alice.tenant)
    with contextlib.suppress(ZeroDivisionError), tenant_tx(alice.tenant):
        Memory.objects.update(text="changed")
        raise ZeroDivisionError
    assert not has_tenant()
    with tenant_tx(alice.tenant):
        assert Memory.objects.filter(text="changed").count() == 0


def test_a_transaction_that_cannot_begin_leaves_no_tenant(database: None) -> None:
    with pytest.raises((DataError, ValueError)), tenant_tx(Tenant(uuid4(), entity="user:\0")):
        pass
    assert not has_tenant()
    assert lends(0)


def test_the_connection_is_lent_for_the_outermost_transaction_only(alice: Person) -> None:
    connection.close()
    assert lends(0)
    with tenant_tx(alice.tenant):
        with tenant_tx(alice.tenant):
            Memory.objects.count()
        assert lends(1)
    assert lends(0)
    with pytest.raises(ZeroDivisionError), tenant_tx(alice.tenant):
        raise ZeroDivisionError
    assert lends(0)


def test_inside_a_transaction_of_the_caller_the_connection_stays_but_the_tenant_ends(alice: Person) -> None:
    make_rows(alice.tenant)
    with transaction.atomic():
        with tenant_tx(alice.tenant):
            assert Memory.objects.count() == 1
        assert settings_of_the_session()[1] == ["", "", ""]
        assert Memory._base_manager.count() == 0
    connection.close()


def test_two_tenants_of_one_outer_transaction_do_not_mix(alice: Person, bob: Person) -> None:
    make_rows(alice.tenant)
    make_rows(bob.tenant)
    with transaction.atomic():
        with tenant_tx(Tenant(alice.tenant.project_id, alice.tenant.org_id, entity="user:nobody")):
            assert Memory.objects.count() == 0
        with tenant_tx(Tenant(bob.tenant.project_id)):
            assert Memory._base_manager.count() == 1
            assert Organization._base_manager.count() == 0
    connection.close()


def test_nothing_of_the_tenant_stays_on_the_pooled_connection(alice: Person) -> None:
    with (
        tenant_tx(Tenant(alice.tenant.project_id, alice.tenant.org_id, entity="user:alex")),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT pg_backend_pid()")
        [used] = cursor.fetchone()
    seen = set()
    for _ in range(20):
        backend, values = settings_of_the_session()
        connection.close()
        assert values == ["", "", ""]
        seen.add(backend)
    assert used in seen


@pytest.mark.parametrize("entity", HOSTILE)
def test_an_entity_name_is_data_whatever_it_holds(alice: Person, entity: str) -> None:
    make_rows(alice.tenant, user=entity.removeprefix("user:")[:256])
    with tenant_tx(Tenant(alice.tenant.project_id, entity=entity)), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.entity')")
        assert cursor.fetchone() == (entity,)
        assert Memory.objects.count() == (1 if len(entity) <= 256 else 0)


def test_a_new_thread_starts_without_a_tenant(alice: Person) -> None:
    seen: list[bool] = []
    with tenant_tx(alice.tenant):
        thread = threading.Thread(target=lambda: seen.append(has_tenant()))
        thread.start()
        thread.join()
    assert seen == [False]


def test_a_worker_who_knows_only_the_project_finds_it_and_no_other(alice: Person, bob: Person) -> None:
    with tenant_tx(Tenant(alice.tenant.project_id)):
        assert list(Project._base_manager.values_list("id", flat=True)) == [alice.tenant.project_id]
        with pytest.raises(NoTenant):
            Project.objects.count()
