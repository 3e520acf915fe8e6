"""What only an administrator of the Postgres server can make: roles, databases, extensions (design.md §2, Roles)."""

import logging

import psycopg
from django.conf import settings
from psycopg import sql

from loci.tenancy.registry import BACKUP_ROLE

logger = logging.getLogger(__name__)

TEMPLATE = "loci_template"
LEAKPROOF = ("ts_match_vq(tsvector, tsquery)", "jsonb_contains(jsonb, jsonb)")
"""Under row-level security an index serves only operators that are known not to leak (reliability.md §0.4)."""
OUTDATED_VECTOR = "SELECT FROM pg_available_extensions WHERE name = 'vector' AND installed_version <> default_version"


def provision(admin_url: str) -> None:
    """Makes roles, the database, extensions and the template of test databases, as the settings' three URLs name them.

    Running it again changes nothing but passwords. Raises `psycopg.Error` when the administrator may not.
    """
    with psycopg.connect(admin_url, autocommit=True) as admin:
        _make_roles(admin)
        _join_owner(admin)
        database = settings.DATABASES["default"]["NAME"]
        _make_database(admin, database)
        _make_database(admin, TEMPLATE)
        admin.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(sql.Identifier(TEMPLATE)))
    for name in (database, TEMPLATE):
        with psycopg.connect(admin_url, dbname=name, autocommit=True) as admin:
            _prepare(admin)


def _make_roles(admin: psycopg.Connection) -> None:
    for alias, options in [
        ("owner", "LOGIN CREATEDB"),
        ("default", "LOGIN NOCREATEDB"),
        ("system", "LOGIN NOCREATEDB"),
    ]:
        config = settings.DATABASES[alias]
        _make_role(admin, config["USER"], options, config["PASSWORD"])
    _make_role(admin, BACKUP_ROLE, "NOLOGIN", "")


def _make_role(admin: psycopg.Connection, name: str, options: str, password: str) -> None:
    role = sql.Identifier(name)
    if not admin.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).rowcount:
        admin.execute(sql.SQL("CREATE ROLE {}").format(role))
    # Only a superuser may even name these two, and a new role has neither.
    if admin.execute("SELECT FROM pg_roles WHERE rolname = %s AND (rolsuper OR rolbypassrls)", [name]).rowcount:
        admin.execute(sql.SQL("ALTER ROLE {} NOSUPERUSER NOBYPASSRLS").format(role))
    admin.execute(sql.SQL("ALTER ROLE {} " + options).format(role))
    if password:
        admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(password)))


def _join_owner(admin: psycopg.Connection) -> None:
    """A managed server's administrator is no superuser: it gives a database away only to a role it is a member of."""
    superuser = admin.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if superuser == (False,):
        admin.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(settings.DATABASES["owner"]["USER"])))


def _make_database(admin: psycopg.Connection, name: str) -> None:
    if admin.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount:
        return
    owner = sql.Identifier(settings.DATABASES["owner"]["USER"])
    statement = sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0")
    admin.execute(statement.format(sql.Identifier(name), owner))


def _prepare(admin: psycopg.Connection) -> None:
    admin.execute("CREATE EXTENSION IF NOT EXISTS vector")
    if admin.execute(OUTDATED_VECTOR).rowcount:
        admin.execute("ALTER EXTENSION vector UPDATE")
    for function in LEAKPROOF:
        _make_leakproof(admin, function)
    owner = sql.Identifier(settings.DATABASES["owner"]["USER"])
    readers = sql.SQL(", ").join(
        sql.Identifier(name)
        for name in (settings.DATABASES["default"]["USER"], settings.DATABASES["system"]["USER"], BACKUP_ROLE)
    )
    admin.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    admin.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(owner))
    admin.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(readers))


def _make_leakproof(admin: psycopg.Connection, function: str) -> None:
    try:
        admin.execute(f"ALTER FUNCTION pg_catalog.{function} LEAKPROOF")
    except psycopg.errors.InsufficientPrivilege:
        logger.warning("No right to mark %s LEAKPROOF: searches in large scopes will be slower.", function)
