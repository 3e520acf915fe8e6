"""What Postgres itself says about every table: kind, policies, keys, references, rights (reliability.md C3)."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from loci.tenancy.registry import IDENTITY_TABLES, MAINTAINED_TABLES, ORG_TABLES, PROJECT_TABLES, SYSTEM_TABLES
from tests.conftest import Services
from tests.tenancy.rows import APPEND_ONLY, MODELS, TENANT_TABLES, connect, superuser

KINDS = [PROJECT_TABLES, ORG_TABLES, IDENTITY_TABLES, MAINTAINED_TABLES, SYSTEM_TABLES]
ROLES = ["loci_app", "loci_owner", "loci_system", "loci_backup"]
BOUND_TABLES = {
    *("access", "blob", "event", "export", "feedback", "memory", "message"),
    *("profile", "quarantine", "review", "revision", "summary"),
}
SYSTEM_RIGHTS = {"job": {"SELECT", "INSERT", "UPDATE"}, "usage_entry": {"SELECT"}, "project": {"SELECT"}}
BEFORE_TENANT = {"api_key", "domain", "identity_provider", "membership", "organization", "project"}
"""What functions of the owner read to find out the tenant."""
RIGHTS = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"]


class Catalog:
    """The answers of `pg_class` and its relatives, as a superuser sees them."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def rows(self, query: str, *parameters: Any) -> list[Any]:
        return self._connection.execute(query, parameters).fetchall()

    def column(self, query: str, *parameters: Any) -> list[Any]:
        return [row[0] for row in self.rows(query, *parameters)]

    def tables(self) -> list[str]:
        return self.column(
            "SELECT relname FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'm', 'f', 'v')"
        )

    def rights(self, role: str, table: str) -> set[str]:
        held = self.rows(
            "SELECT r, has_table_privilege(%s::name, %s::text, r) FROM unnest(%s::text[]) AS r",
            role,
            f'"{table}"',
            RIGHTS,
        )
        return {right for right, has in held if has}

    def keys(self, table: str) -> dict[str, list[str]]:
        """Returns the columns of each unique index; the primary key is called "primary"."""
        query = """
            SELECT CASE WHEN indisprimary THEN 'primary' ELSE indexrelid::regclass::text END,
                   array_agg(attname::text ORDER BY position)
            FROM pg_index
            CROSS JOIN unnest(indkey[:indnkeyatts - 1]) WITH ORDINALITY AS key (attnum, position)
            JOIN pg_attribute ON attrelid = indrelid AND pg_attribute.attnum = key.attnum
            WHERE indrelid = %s::text::regclass AND indisunique GROUP BY 1
        """
        return dict(self.rows(query, f'"{table}"'))

    def references(self, table: str) -> list[Any]:
        """Returns for each foreign key: the other table, our columns, its columns, deferred?"""
        query = """
            SELECT confrelid::regclass::text, condeferrable AND condeferred,
                   (SELECT array_agg(attname::text ORDER BY p) FROM unnest(conkey) WITH ORDINALITY AS k (n, p)
                    JOIN pg_attribute ON attrelid = conrelid AND attnum = n),
                   (SELECT array_agg(attname::text ORDER BY p) FROM unnest(confkey) WITH ORDINALITY AS k (n, p)
                    JOIN pg_attribute ON attrelid = confrelid AND attnum = n)
            FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::text::regclass
        """
        return self.rows(query, f'"{table}"')


@pytest.fixture
def catalog(django_db_setup: None, services: Services) -> Iterator[Catalog]:
    with superuser(services) as connection:
        yield Catalog(connection)


def test_every_table_is_in_exactly_one_kind_of_the_registry(catalog: Catalog) -> None:
    registered = [table for kind in KINDS for table in kind]
    assert sorted(catalog.tables()) == sorted(registered)


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_tenant_table_enforces_row_level_security_on_everyone(catalog: Catalog, table: str) -> None:
    assert catalog.rows("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = %s", table) == [
        (True, True)
    ]


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_the_tenant_policy_covers_reads_and_writes_of_every_role(catalog: Catalog, table: str) -> None:
    policies = "SELECT cmd, roles, qual, with_check FROM pg_policies WHERE tablename = %s AND policyname = 'tenant'"
    [(command, roles, using, check)] = catalog.rows(policies, table)
    assert (command, roles) == ("ALL", ["public"])
    setting = "app.project" if table in PROJECT_TABLES else "app.org"
    assert setting in using
    assert setting in check
    assert ("app.entity" in using) == ("app.entity" in check) == (table in BOUND_TABLES)


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_other_policies_are_for_the_other_roles_only(catalog: Catalog, table: str) -> None:
    query = "SELECT roles, cmd FROM pg_policies WHERE tablename = %s AND policyname <> 'tenant'"
    granted = {(role, command) for roles, command in catalog.rows(query, table) for role in roles}
    expected = {("loci_backup", "SELECT")} | {("loci_system", right) for right in SYSTEM_RIGHTS.get(table, set())}
    if table in BEFORE_TENANT:
        expected.add(("loci_owner", "SELECT"))
    assert granted == expected


@pytest.mark.parametrize("table", sorted(PROJECT_TABLES))
def test_every_key_of_a_project_table_starts_with_the_project(catalog: Catalog, table: str) -> None:
    keys = catalog.keys(table)
    assert keys["primary"] == ["project_id", "id"]
    assert {name: columns for name, columns in keys.items() if columns[0] != "project_id"} == {}


@pytest.mark.parametrize("table", sorted(PROJECT_TABLES))
def test_a_reference_between_project_tables_carries_the_project_and_is_checked_at_commit(
    catalog: Catalog, table: str
) -> None:
    for other, is_deferred, ours, theirs in catalog.references(table):
        if other == "project":
            assert (ours, theirs) == (["project_id"], ["id"])
        else:
            assert other in PROJECT_TABLES
            assert (len(ours), ours[0], theirs) == (2, "project_id", ["project_id", "id"])
            assert is_deferred


@pytest.mark.parametrize("table", ["membership", "api_key", "invitation"])
def test_an_org_table_refers_to_projects_of_its_own_organization_only(catalog: Catalog, table: str) -> None:
    references = [(ours, theirs) for other, _, ours, theirs in catalog.references(table) if other == "project"]
    assert references == [(["org_id", "project_id"], ["org_id", "id"])]


def test_every_reference_of_a_model_is_one_of_the_database(catalog: Catalog) -> None:
    for table in TENANT_TABLES:
        wanted = {field.column for field in MODELS[table]._meta.local_fields if field.is_relation}
        assert {columns[-1] for _, _, columns, _ in catalog.references(table)} == wanted, table


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_the_app_may_read_and_write_rows_and_nothing_else(catalog: Catalog, table: str) -> None:
    changes = set() if table in APPEND_ONLY else {"UPDATE", "DELETE"}
    assert catalog.rights("loci_app", table) == {"SELECT", "INSERT", *changes}


@pytest.mark.parametrize("role", ["loci_app", "loci_system"])
@pytest.mark.parametrize("table", sorted(SYSTEM_TABLES))
def test_nobody_but_the_owner_has_a_right_to_the_system_tables(catalog: Catalog, table: str, role: str) -> None:
    assert catalog.rights(role, table) == set()


@pytest.mark.parametrize("table", sorted(MAINTAINED_TABLES))
def test_what_maintenance_keeps_the_app_may_only_read(catalog: Catalog, table: str) -> None:
    assert catalog.rights("loci_app", table) == {"SELECT"}


def test_the_system_role_reaches_jobs_usage_and_projects_only(catalog: Catalog) -> None:
    held = {table: rights for table in catalog.tables() if (rights := catalog.rights("loci_system", table))}
    assert held == SYSTEM_RIGHTS


def test_the_backup_role_only_reads(catalog: Catalog) -> None:
    rights = {table: catalog.rights("loci_backup", table) for table in catalog.tables()}
    assert {table: held for table, held in rights.items() if held - {"SELECT"}} == {}
    assert {table for table in TENANT_TABLES if not rights[table]} == set()


def test_no_role_is_above_row_level_security(catalog: Catalog) -> None:
    query = """
        SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication
        FROM pg_roles WHERE rolname = ANY(%s::text[])
    """
    assert dict(catalog.rows(query, ROLES)) == dict.fromkeys(ROLES, False)


def test_no_role_is_a_member_of_another(catalog: Catalog) -> None:
    query = "SELECT roleid::regrole::text FROM pg_auth_members WHERE member::regrole::text = ANY(%s::text[])"
    assert catalog.column(query, ROLES) == []


@pytest.mark.parametrize("role", ["loci_app", "loci_system", "loci_backup"])
def test_only_the_owner_owns_and_creates(catalog: Catalog, role: str) -> None:
    assert catalog.column("SELECT relname FROM pg_class WHERE relowner = %s::text::regrole", role) == []
    assert catalog.rows("SELECT has_schema_privilege(%s::name, 'public', 'CREATE')", role) == [(False,)]


def test_functions_that_run_as_the_owner_fix_their_search_path_and_are_for_the_app(catalog: Catalog) -> None:
    query = """
        SELECT oid, proname, proconfig FROM pg_proc
        WHERE prosecdef AND pronamespace = 'public'::regnamespace
    """
    functions = catalog.rows(query)
    assert functions
    for oid, name, configuration in functions:
        assert "search_path=pg_catalog, public, pg_temp" in configuration
        callers = [
            role
            for role in ["loci_app", "loci_system", "loci_backup", "public"]
            if catalog.column("SELECT has_function_privilege(%s::name, %s::oid, 'EXECUTE')", role, oid) == [True]
        ]
        # The dispatcher leaves alone what is deleted.
        assert callers == (["loci_app", "loci_system"] if name == "is_deleted" else ["loci_app"])


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE memory",
        "ALTER TABLE memory DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE memory NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON memory",
        "CREATE POLICY mine ON memory USING (true)",
        "DROP TABLE memory",
        "CREATE TABLE mine (id int)",
        "SET ROLE loci_owner",
        "SET ROLE loci_system",
        "SET SESSION AUTHORIZATION loci_owner",
        "SELECT * FROM django_migrations",
        "COPY memory TO PROGRAM 'cat'",
    ],
)
@pytest.mark.parametrize("role", ["loci_app", "loci_system"])
def test_the_roles_of_the_processes_cannot_lift_their_limits(
    database: None, services: Services, role: str, statement: str
) -> None:
    if role == "loci_system" and statement == "SET ROLE loci_system":
        return
    with connect(services, role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_switching_row_level_security_off_only_turns_reads_into_errors(alice: Any, services: Services) -> None:
    with connect(services, "loci_app") as connection:
        connection.execute("SET row_security = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM project")
