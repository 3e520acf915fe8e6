"""What must be true of the database before this process serves anyone (design.md §2, Roles)."""

import logging

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection

logger = logging.getLogger(__name__)

OLDEST_PGVECTOR = (0, 8, 4)

UNSAFE_ROLES = """
    SELECT FROM pg_roles AS role
    WHERE pg_has_role(current_user, role.oid, 'MEMBER')
      AND (rolsuper OR rolbypassrls
           OR EXISTS (SELECT FROM pg_class WHERE relowner = role.oid AND relkind IN ('r', 'p')))
"""
"""What the connection's role is, or could become by SET ROLE, and must not."""
NOT_LEAKPROOF = "SELECT count(*) FROM pg_proc WHERE proname IN ('ts_match_vq', 'jsonb_contains') AND NOT proleakproof"


def verify_start() -> None:
    """Raises `ImproperlyConfigured` when serving would be unsafe; a database that is not up yet is only logged."""
    for name in ("SECRET_KEY", "KEY_PEPPER", "MASTER_KEY"):
        if not getattr(settings, name, ""):
            raise ImproperlyConfigured(f"LOCI_{name} is not set: keys, sessions and secrets would not be safe without.")
    try:
        _verify_database()
    except OperationalError as error:
        logger.warning("The database is not reachable yet: %s", type(error).__name__)
    finally:
        connection.close()


def _verify_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute(UNSAFE_ROLES)
        if cursor.rowcount:
            raise ImproperlyConfigured(
                "DATABASE_URL must name a role that is no superuser, does not bypass row-level security, owns no table,"
                " and is no member of such a role."
            )
        cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
        row = cursor.fetchone()
        if row is None or tuple(int(part) for part in row[0].split(".")) < OLDEST_PGVECTOR:
            raise ImproperlyConfigured("The database needs pgvector 0.8.4 or newer: run manage.py provision.")
        cursor.execute(NOT_LEAKPROOF)
        if cursor.fetchone() != (0,):
            logger.warning("LEAKPROOF is missing on the database: searches in large scopes will be slower.")
