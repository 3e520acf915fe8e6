"""What an administrator prepares, and what a process checks before it serves (design.md §2, Roles)."""

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg import sql

from loci.local.postgres import Postgres
from loci.local.programs import free_port
from loci.tenancy.checks import verify_start
from loci.tenancy.provision import LEAKPROOF, TEMPLATE, provision
from tests.conftest import DATABASE, FAST, Services
from tests.tenancy.rows import superuser

ROLES = ["loci_app", "loci_owner", "loci_system", "loci_backup"]
STATE = [
    "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, rolcanlogin FROM pg_roles ORDER BY 1",
    "SELECT datname, datdba::regrole::text, datistemplate, datacl::text FROM pg_database ORDER BY 1",
    "SELECT nspname, nspacl::text FROM pg_namespace WHERE nspname NOT LIKE 'pg_t%' ORDER BY 1",
    "SELECT extname, extversion FROM pg_extension ORDER BY 1",
    "SELECT oid::regprocedure::text FROM pg_proc WHERE proleakproof ORDER BY 1",
]


def state_of(url: str) -> list[Any]:
    """Returns everything that provisioning may change."""
    with psycopg.connect(url) as server:
        return [server.execute(query).fetchall() for query in STATE]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server of its own, to which nobody has done anything yet."""
    folder = Path(tempfile.mkdtemp(prefix="loci-provision-"))
    folder.chmod(0o755)
    postgres = Postgres(folder / "postgres", settings=FAST)
    try:
        yield postgres.start()
    finally:
        postgres.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def connecting(**place: Any) -> Iterator[None]:
    """Lets Django's default connection go somewhere else, past the pool."""
    connection.close()
    before = dict(connection.settings_dict)
    connection.settings_dict.update(OPTIONS={}, **place)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


def test_provisioning_again_changes_nothing(database: None, services: Services) -> None:
    before = state_of(services.postgres.admin_url(DATABASE))
    call_command("provision", admin_url=services.postgres.admin_url("postgres"), verbosity=0)
    call_command("provision", admin_url=services.postgres.admin_url("postgres"), verbosity=0)
    assert state_of(services.postgres.admin_url(DATABASE)) == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user::text")
        assert cursor.fetchone() == ("loci_app",)


def test_provisioning_takes_power_from_a_role_that_has_too_much(database: None, services: Services) -> None:
    with superuser(services) as admin:
        admin.execute("ALTER ROLE loci_app SUPERUSER BYPASSRLS CREATEDB")
        provision(services.postgres.admin_url("postgres"))
        query = "SELECT rolsuper OR rolbypassrls OR rolcreatedb FROM pg_roles WHERE rolname = 'loci_app'"
        assert admin.execute(query).fetchone() == (False,)


def test_provisioning_brings_an_older_pgvector_up_to_date(database: None, services: Services) -> None:
    with superuser(services) as admin:
        version = "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
        newest = admin.execute(version).fetchall()
        admin.execute("UPDATE pg_extension SET extversion = '0.8.4' WHERE extname = 'vector'")
        provision(services.postgres.admin_url("postgres"))
        assert admin.execute(version).fetchall() == newest != [("0.8.4",)]


def test_an_administrator_of_a_managed_server_can_provision_it(
    django_db_setup: None, server: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    with psycopg.connect(server.admin_url(), autocommit=True) as admin:
        admin.execute("CREATE ROLE manager LOGIN CREATEROLE CREATEDB PASSWORD 'manager'")
    url = f"postgresql://manager:manager@127.0.0.1:{server.port}/postgres"
    with pytest.raises(CommandError, match='Postgres refused: permission denied to create extension "vector"'):
        call_command("provision", admin_url=url, verbosity=0)
    for name in (DATABASE, TEMPLATE):
        with psycopg.connect(server.admin_url(name), autocommit=True) as admin:
            admin.execute("CREATE EXTENSION vector")
    for _ in range(2):
        caplog.clear()
        call_command("provision", admin_url=url, verbosity=0)
        assert sum("LEAKPROOF" in record.message for record in caplog.records) == 2 * len(LEAKPROOF)
    owner = f"postgresql://loci_owner:loci_owner@127.0.0.1:{server.port}/{DATABASE}"
    with psycopg.connect(owner, autocommit=True) as connected:
        connected.execute("CREATE TABLE made_by_the_owner (id int)")
        connected.execute(sql.SQL("CREATE DATABASE copy TEMPLATE {}").format(sql.Identifier(TEMPLATE)))


def said(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What Loci logged; the pool of an earlier test may still complain of its database."""
    return [record for record in caplog.records if record.name.startswith("loci.")]


def test_a_safe_database_is_accepted_without_a_word(database: None, caplog: pytest.LogCaptureFixture) -> None:
    verify_start()
    assert said(caplog) == []
    assert connection.connection is None


@pytest.mark.parametrize("role", ["postgres", "loci_owner", "insider", "bypasser"])
def test_a_role_that_is_or_can_become_too_powerful_is_refused(database: None, services: Services, role: str) -> None:
    with superuser(services) as admin:
        admin.execute("CREATE ROLE insider LOGIN PASSWORD 'insider' IN ROLE loci_owner")
        admin.execute("CREATE ROLE bypasser LOGIN PASSWORD 'bypasser' BYPASSRLS")
        password = services.postgres.password if role == "postgres" else role
        try:
            with connecting(USER=role, PASSWORD=password), pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
                verify_start()
        finally:
            admin.execute("DROP ROLE insider")
            admin.execute("DROP ROLE bypasser")


@pytest.mark.parametrize("version", ["0.8.3", "0.7.10"])
def test_an_old_pgvector_is_refused(database: None, services: Services, version: str) -> None:
    with superuser(services) as admin:
        [(actual,)] = admin.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchall()
        change = "UPDATE pg_extension SET extversion = %s WHERE extname = 'vector'"
        admin.execute(change, [version])
        try:
            with pytest.raises(ImproperlyConfigured, match=r"pgvector 0\.8\.4"):
                verify_start()
        finally:
            admin.execute(change, [actual])


def test_a_database_without_pgvector_is_refused(database: None, services: Services) -> None:
    with connecting(NAME="postgres"), pytest.raises(ImproperlyConfigured, match="pgvector"):
        verify_start()


def test_missing_leakproof_is_a_warning(database: None, services: Services, caplog: pytest.LogCaptureFixture) -> None:
    with superuser(services) as admin:
        admin.execute("ALTER FUNCTION pg_catalog.ts_match_vq(tsvector, tsquery) NOT LEAKPROOF")
        try:
            verify_start()
        finally:
            admin.execute("ALTER FUNCTION pg_catalog.ts_match_vq(tsvector, tsquery) LEAKPROOF")
    assert [record.message for record in said(caplog)] == [
        "LEAKPROOF is missing on the database: searches in large scopes will be slower."
    ]


def test_a_database_that_is_not_up_yet_is_a_warning(database: None, caplog: pytest.LogCaptureFixture) -> None:
    with connecting(PORT=free_port()):
        verify_start()
    assert [record.levelname for record in said(caplog)] == ["WARNING"]


@pytest.mark.parametrize("name", ["SECRET_KEY", "KEY_PEPPER", "MASTER_KEY"])
def test_an_empty_secret_is_refused(database: None, settings: Any, name: str) -> None:
    setattr(settings, name, "")
    with pytest.raises(ImproperlyConfigured, match=name):
        verify_start()
