"""Every table is one of five kinds (design.md §2). A test walks the database and fails on a table that is in none."""

BACKUP_ROLE = "loci_backup"
"""Reads every row of every table, for dumps; an operator gives it a login."""

PROJECT_TABLES = frozenset(
    {
        "access",
        "attribute",
        "blob",
        "delivery",
        "delivery_attempt",
        "entity",
        "event",
        "export",
        "feedback",
        "idempotency_key",
        "job",
        "memory",
        "message",
        "profile",
        "profile_job",
        "profile_settings",
        "quarantine",
        "request_log",
        "review",
        "revision",
        "summary",
        "term_statistic",
        "usage_entry",
        "webhook_endpoint",
    }
)
"""Row-level security on `project_id`."""

ORG_TABLES = frozenset(
    {
        "api_key",
        "audit_entry",
        "domain",
        "identity_provider",
        "invitation",
        "membership",
        "organization",
        "plan_assignment",
        "project",
        "token_budget",
    }
)
"""Row-level security on `org_id` (`organization`: on its own id)."""

IDENTITY_TABLES = frozenset(
    {
        "account_emailaddress",
        "account_emailconfirmation",
        "auth_group",
        "auth_group_permissions",
        "auth_permission",
        "django_content_type",
        "django_session",
        "mfa_authenticator",
        "plan",
        "shared_cache",
        "socialaccount_socialaccount",
        "socialaccount_socialapp",
        "socialaccount_socialtoken",
        "user",
        "user_groups",
        "user_user_permissions",
    }
)
"""People, sessions, what is counted of them, and plans: no row-level security; they belong to no organization."""

MAINTAINED_TABLES = frozenset({"search_index"})
"""Ids and numbers that only `manage.py maintain` writes, as the owner. Without row-level security, since who probes a
process is no tenant; the app role may read them and nothing else."""

SYSTEM_TABLES = frozenset({"django_migrations"})
"""The app role has no right to them."""
