from importlib import import_module

from django.conf import settings
from django.db import migrations

before_tenant = import_module("orgs.migrations.0003_control_plane").before_tenant

SYSTEM = settings.DATABASE_ROLES["system"]

# A worker knows its project only, and the dispatcher no organization. The control project goes on: it erases the others.
IS_DELETED = """
    CREATE FUNCTION is_deleted(wanted uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
        SELECT EXISTS (
            SELECT FROM public.project JOIN public.organization ON organization.id = project.org_id
            WHERE project.id = wanted AND NOT project.is_control
              AND (project.deleted_at IS NOT NULL OR organization.deleted_at IS NOT NULL)
        )
    $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0007_search_weights"),
    ]

    operations = [
        before_tenant(IS_DELETED, "is_deleted(uuid)"),
        migrations.RunSQL(
            sql=f"GRANT EXECUTE ON FUNCTION is_deleted(uuid) TO {SYSTEM}", reverse_sql=migrations.RunSQL.noop
        ),
    ]
