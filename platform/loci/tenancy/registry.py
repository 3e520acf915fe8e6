"""Every table is one of four kinds (design.md §2). A test walks the database and fails on a table that is in none."""

BACKUP_ROLE = "loci_backup"
"""Reads every row of every table, for dumps; an operator gives it a login."""

PROJECT_TABLES = frozenset(
    {
        "attribute",
        "entity",
        "event",
        "idempotency_key",
        "job",
        "memory",
        "message",
        "revision",
        "usage_entry",
    }
)
"""Row-level security on `project_id`."""

ORG_TABLES = frozenset({"api_key", "membership", "organization", "project"})
"""Row-level security on `org_id` (`organization`: on its own id)."""

IDENTITY_TABLES = frozenset(
    {
        "auth_group",
        "auth_group_permissions",
        "auth_permission",
        "django_content_type",
        "django_session",
        "user",
        "user_groups",
        "user_user_permissions",
    }
)
"""People and sessions: no row-level security, reached by the app role through `orgs.queries` only."""

SYSTEM_TABLES = frozenset({"django_migrations"})
"""The app role has no right to them."""
