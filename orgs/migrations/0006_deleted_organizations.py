from importlib import import_module

from django.db import migrations

before_tenant = import_module("orgs.migrations.0003_control_plane").before_tenant

# Beside the one of the person alone, which processes of the version before call until they are stopped.
ORGANIZATIONS_OF = """
    CREATE FUNCTION organizations_of(person uuid, deleted boolean) RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
        SELECT organization.public_id FROM public.organization
        WHERE organization.erased_at IS NULL AND (organization.deleted_at IS NOT NULL) = deleted AND EXISTS (
            SELECT FROM public.membership
            WHERE membership.org_id = organization.id AND membership.user_id = person
        )
        ORDER BY organization.created_at, organization.id
    $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0005_confined_keys"),
    ]

    operations = [
        before_tenant(ORGANIZATIONS_OF, "organizations_of(uuid, boolean)"),
    ]
