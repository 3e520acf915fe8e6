"""The database refuses even when the code forgets (reliability.md C2, C4)."""

from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import IntegrityError, ProgrammingError, connection
from django.db.models import F

from loci.tenancy.context import NoTenant, Tenant, org_tx, tenant_tx
from loci.tenancy.registry import ORG_TABLES, PROJECT_TABLES
from memories.models import Access, Attribute, Event, Feedback, Memory, Message, Revision
from orgs.models import AuditEntry
from tests.conftest import Person, Services
from tests.tenancy.rows import (
    APPEND_ONLY,
    MODELS,
    TENANT_TABLES,
    all_rows,
    connect,
    copy_row,
    everything,
    make_rows,
    org_rows,
)

BOUND = [Event, Message, Memory, Revision, Access, Feedback]


def test_the_tests_know_a_row_of_every_tenant_table(alice: Person) -> None:
    assert sorted(all_rows(alice.tenant)) == TENANT_TABLES


def test_without_a_tenant_no_row_is_seen_changed_or_deleted(alice: Person, services: Services) -> None:
    all_rows(alice.tenant)
    before = everything(services, alice.tenant)
    with connect(services, "loci_app") as app:
        for table in TENANT_TABLES:
            assert before[table], table
            assert app.execute(f"SELECT * FROM {table}").rowcount == 0, table
            if table in APPEND_ONLY:
                continue
            assert app.execute(f"UPDATE {table} SET id = id").rowcount == 0, table
            assert app.execute(f"DELETE FROM {table}").rowcount == 0, table
    assert everything(services, alice.tenant) == before


@pytest.mark.parametrize("setting", ["", "SET app.project = ''; SET app.org = ''"], ids=["never set", "set to nothing"])
def test_without_a_tenant_every_insert_is_refused(alice: Person, services: Services, setting: str) -> None:
    all_rows(alice.tenant)
    rows = everything(services, alice.tenant)
    for table in TENANT_TABLES:
        with connect(services, "loci_app") as app:
            app.execute(setting)
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
                copy_row(app, table, rows[table][0])


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_without_a_tenant_the_managers_raise(database: None, table: str) -> None:
    for use in ["all", "count", "first"]:
        with pytest.raises(NoTenant):
            getattr(MODELS[table].objects, use)()


def test_an_organizations_transaction_finds_no_row_of_its_projects(alice: Person) -> None:
    make_rows(alice.tenant)
    assert alice.tenant.org_id
    for table in sorted(PROJECT_TABLES):
        with pytest.raises(NoTenant), org_tx(alice.tenant.org_id):
            MODELS[table].objects.count()
        with org_tx(alice.tenant.org_id):
            assert MODELS[table]._base_manager.count() == 0, table


@pytest.mark.parametrize("scoped", [True, False], ids=["manager and database", "database alone"])
def test_a_tenant_sees_changes_and_deletes_nothing_of_another(
    alice: Person, bob: Person, services: Services, settings: Any, scoped: bool
) -> None:
    hers, his = all_rows(alice.tenant), all_rows(bob.tenant)
    before = everything(services, alice.tenant)
    settings.TENANT_ORM_SCOPING = scoped
    for table, row in hers.items():
        objects = MODELS[table].objects
        with tenant_tx(bob.tenant):
            assert objects.filter(pk=his[table].pk).exists(), table
            assert not objects.filter(pk=row.pk).exists(), table
            if table in APPEND_ONLY:
                continue
            assert objects.filter(pk=row.pk).update(id=F("id")) == 0, table
            assert objects.filter(pk=row.pk).delete()[0] == 0, table
    assert everything(services, alice.tenant) == before


def test_an_audit_entry_can_be_neither_changed_nor_removed(alice: Person, services: Services) -> None:
    entry = org_rows(alice.tenant)["audit_entry"]
    with pytest.raises(ProgrammingError, match="permission denied"), tenant_tx(alice.tenant):
        AuditEntry.objects.filter(id=entry.id).update(action="nothing")
    with pytest.raises(ProgrammingError, match="permission denied"), tenant_tx(alice.tenant):
        AuditEntry.objects.filter(id=entry.id).delete()


def test_unfiltered_changes_reach_the_own_rows_only(alice: Person, bob: Person, services: Services) -> None:
    make_rows(alice.tenant)
    make_rows(bob.tenant)
    before = everything(services, alice.tenant)
    with tenant_tx(bob.tenant), connection.cursor() as cursor:
        for table in sorted(PROJECT_TABLES):
            cursor.execute(f"DELETE FROM {table}")
            assert cursor.rowcount == 1, table
    assert everything(services, alice.tenant) == before


def test_a_row_of_another_tenant_can_be_neither_inserted_nor_handed_over(
    alice: Person, bob: Person, services: Services
) -> None:
    all_rows(alice.tenant)
    hers, his = everything(services, alice.tenant), all_rows(bob.tenant)
    for table in TENANT_TABLES:
        with pytest.raises(psycopg.errors.InsufficientPrivilege), tenant_tx(bob.tenant):
            copy_row(connection.connection, table, hers[table][0])
    for table in sorted(PROJECT_TABLES):
        with pytest.raises(ProgrammingError, match="row-level security"), tenant_tx(bob.tenant):
            MODELS[table].objects.filter(id=his[table].id).update(project_id=alice.tenant.project_id)
    for table in sorted(ORG_TABLES - APPEND_ONLY - {"organization"}):
        with pytest.raises(ProgrammingError, match="row-level security"), tenant_tx(bob.tenant):
            MODELS[table].objects.filter(id=his[table].id).update(org_id=alice.tenant.org_id)


def test_a_worker_who_knows_only_the_project_cannot_move_it_to_another_organization(alice: Person, bob: Person) -> None:
    worker = Tenant(project_id=bob.tenant.project_id)
    with pytest.raises(ProgrammingError, match="row-level security"), tenant_tx(worker):
        MODELS["project"]._base_manager.filter(id=bob.tenant.project_id).update(org_id=alice.tenant.org_id)


@pytest.mark.parametrize(
    ("model", "field", "table"),
    [
        (Revision, "memory_id", "memory"),
        (Revision, "event_id", "event"),
        (Message, "event_id", "event"),
        (Memory, "replaced_by_id", "memory"),
        (Attribute, "entity_id", "entity"),
        (Attribute, "memory_id", "memory"),
    ],
)
def test_a_reference_to_another_projects_row_fails_at_commit(
    alice: Person, bob: Person, model: Any, field: str, table: str
) -> None:
    hers, his = make_rows(alice.tenant), make_rows(bob.tenant)
    with pytest.raises(IntegrityError, match="foreign key"), tenant_tx(bob.tenant):
        assert model.objects.filter(id=his[model._meta.db_table].id).update(**{field: hers[table].id}) == 1


@pytest.mark.parametrize("table", ["api_key", "invitation", "membership"])
def test_a_key_or_membership_of_one_organization_cannot_open_a_project_of_another(
    alice: Person, bob: Person, table: str
) -> None:
    row = org_rows(bob.tenant)[table]
    with pytest.raises(IntegrityError, match="foreign key"), tenant_tx(bob.tenant):
        MODELS[table].objects.filter(id=row.id).update(project_id=alice.tenant.project_id)


def bound(person: Person, entity: str) -> Tenant:
    return Tenant(project_id=person.tenant.project_id, org_id=person.tenant.org_id, entity=entity)


@pytest.mark.parametrize("model", BOUND)
def test_a_key_bound_to_a_user_reaches_rows_of_this_user_only(alice: Person, model: Any) -> None:
    table = model._meta.db_table
    own = make_rows(alice.tenant, user="alex", text="Lives in Rome")[table]
    other = make_rows(alice.tenant, user="blake", text="Lives in Oslo")[table]
    with tenant_tx(bound(alice, "user:alex")):
        assert list(model.objects.values_list("id", flat=True)) == [own.id]
        assert model.objects.filter(id=other.id).update(user_id="alex") == 0
        assert model.objects.filter(id=other.id).delete()[0] == 0
        assert model.objects.filter(id=own.id).update(run_id="r1") == 1
    with pytest.raises(ProgrammingError, match="row-level security"), tenant_tx(bound(alice, "user:alex")):
        model.objects.filter(id=own.id).update(user_id="blake")


@pytest.mark.parametrize("model", BOUND)
def test_a_key_bound_to_a_user_cannot_write_for_others(alice: Person, model: Any) -> None:
    row = make_rows(alice.tenant, user="alex")[model._meta.db_table]
    for stranger in ["blake", None, ""]:
        row.pk, row.user_id, row._state.adding = UUID(int=1), stranger, True
        with pytest.raises(ProgrammingError, match="row-level security"), tenant_tx(bound(alice, "user:alex")):
            row.save(force_insert=True)


@pytest.mark.parametrize(
    "entity", ["user:agent", "agent:alex", "app:alex", "run:alex", "alex", "user:", "user:ALEX", "user:%"]
)
def test_a_binding_means_exactly_one_entity(alice: Person, entity: str) -> None:
    make_rows(alice.tenant, user="alex")
    with tenant_tx(bound(alice, entity)):
        assert Memory.objects.count() == 0
    with tenant_tx(bound(alice, "")):
        assert Memory.objects.count() == 1


@pytest.mark.parametrize("column", ["user_id", "agent_id", "app_id"])
def test_a_key_can_be_bound_to_a_user_an_agent_or_an_app(alice: Person, column: str) -> None:
    rows = make_rows(alice.tenant, user="blake")
    with tenant_tx(alice.tenant):
        Memory.objects.filter(id=rows["memory"].id).update(**{column: "alex"})
    with tenant_tx(bound(alice, f"{column.removesuffix('_id')}:alex")):
        assert Memory.objects.count() == 1


def test_the_system_role_changes_jobs_and_sees_no_memory(alice: Person, services: Services) -> None:
    make_rows(alice.tenant)
    with connect(services, "loci_system") as system:
        for table in ["job", "usage_entry", "project"]:
            assert system.execute(f"SELECT * FROM {table}").rowcount > 0, table
        assert system.execute("UPDATE job SET published_at = now()").rowcount == 1
        for table in ["blob", "event", "memory", "revision", "message"]:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                system.execute(f"SELECT * FROM {table}")


def test_the_owner_sees_no_row_of_a_project(alice: Person, services: Services) -> None:
    make_rows(alice.tenant)
    with connect(services, "loci_owner") as owner:
        for table in sorted(PROJECT_TABLES):
            assert owner.execute(f"SELECT * FROM {table}").rowcount == 0, table
