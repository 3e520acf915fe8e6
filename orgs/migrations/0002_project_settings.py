from django.conf import settings
from django.db import migrations, models

# Beside api_key_by_digest, which processes of the version before still call until they are stopped.
CALLER_BY_DIGEST = """
    CREATE FUNCTION caller_by_digest(wanted bytea)
    RETURNS TABLE (
        key_id uuid, org_id uuid, project_id uuid, org_public_id text, project_public_id text, org_name text,
        project_name text, user_email text, scopes text[], add_wait_ms integer, v1_is_synchronous boolean,
        shows_superseded boolean, attribution text, expires_at timestamptz, last_used_at timestamptz
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
        SELECT api_key.id, organization.id, project.id, organization.public_id, project.public_id, organization.name,
               project.name, maker.email, api_key.scopes, project.add_wait_ms, project.v1_is_synchronous,
               project.shows_superseded, project.attribution, api_key.expires_at, api_key.last_used_at
        FROM public.api_key
        JOIN public.project ON project.id = api_key.project_id AND project.org_id = api_key.org_id
        JOIN public.organization ON organization.id = api_key.org_id
        JOIN public."user" AS maker ON maker.id = api_key.created_by_id
        WHERE api_key.digest = wanted AND api_key.revoked_at IS NULL AND maker.is_active
    $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="project",
            name="attribution",
            field=models.CharField(
                choices=[("both", "Both"), ("speaker", "Speaker")], db_default="both", default="both", max_length=16
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="shows_superseded",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="project",
            name="v1_is_synchronous",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RunSQL(
            sql=[
                CALLER_BY_DIGEST,
                "REVOKE ALL ON FUNCTION caller_by_digest(bytea) FROM PUBLIC",
                f"GRANT EXECUTE ON FUNCTION caller_by_digest(bytea) TO {settings.DATABASE_ROLES['app']}",
            ],
            reverse_sql="DROP FUNCTION caller_by_digest(bytea)",
        ),
    ]
