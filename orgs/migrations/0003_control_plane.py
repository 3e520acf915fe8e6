import functools
from importlib import import_module

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import loci.tenancy.models
import orgs.ids
from loci.tenancy.operations import OrgTable, owner_reads

APP = settings.DATABASE_ROLES["app"]

# What must be known before the tenant is: these run as the owner, whom a policy lets read the tables. They tell of no
# organization to anybody who is not in it. The two that requests wait for keep one plan, which takes the indexes however
# few rows there were when it was made: planned anew at each call they take 1 ms longer.
KEY_BY_DIGEST = """
    CREATE FUNCTION key_by_digest(wanted bytea[])
    RETURNS TABLE (
        refused text, key_id uuid, kind text, key_scopes text[], entity text, allowed_cidrs text[],
        rate_per_minute integer, daily_quota integer, last_used_at timestamptz, pepper_id text,
        is_ending boolean, successor_of uuid[],
        user_id uuid, user_email text,
        org_id uuid, org_public_id text, org_name text, org_role text, control_id uuid,
        project_id uuid, project_public_id text, project_name text, project_role text,
        add_wait_ms integer, v1_is_synchronous boolean, shows_superseded boolean, attribution text
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
    AS $$
        SELECT CASE
                   WHEN api_key.revoked_at IS NOT NULL THEN 'revoked'
                   WHEN api_key.expires_at <= now() THEN 'expired'
                   WHEN api_key.grace_until <= now() THEN 'rotated'
                   WHEN NOT maker.is_active THEN 'of an inactive person'
                   WHEN in_org.role IS NULL AND in_project.role IS NULL THEN 'of somebody who left'
                   WHEN project.deleted_at IS NOT NULL OR organization.deleted_at IS NOT NULL THEN 'of a deleted project'
                   ELSE ''
               END,
               api_key.id, api_key.kind, api_key.scopes, api_key.entity, api_key.allowed_cidrs,
               api_key.rate_per_minute, api_key.daily_quota, api_key.last_used_at, api_key.pepper_id,
               api_key.expires_at IS NOT NULL OR api_key.grace_until IS NOT NULL,
               ARRAY(
                   WITH RECURSIVE earlier AS (
                       SELECT api_key.rotated_from AS id
                       UNION ALL
                       SELECT older.rotated_from FROM earlier JOIN public.api_key AS older ON older.id = earlier.id
                   )
                   SELECT id FROM earlier WHERE id IS NOT NULL
               ),
               maker.id, maker.email,
               organization.id, organization.public_id, organization.name, in_org.role, control.id,
               project.id, project.public_id, project.name, in_project.role,
               project.add_wait_ms, project.v1_is_synchronous, project.shows_superseded, project.attribution
        FROM public.api_key
        JOIN public.project ON project.id = api_key.project_id AND project.org_id = api_key.org_id
        JOIN public.organization ON organization.id = api_key.org_id
        JOIN public.project AS control ON control.org_id = organization.id AND control.is_control
        JOIN public."user" AS maker ON maker.id = api_key.created_by_id
        LEFT JOIN public.membership AS in_org
            ON in_org.org_id = organization.id AND in_org.user_id = maker.id AND in_org.project_id IS NULL
        LEFT JOIN public.membership AS in_project
            ON in_project.org_id = organization.id AND in_project.user_id = maker.id
            AND in_project.project_id = project.id
        WHERE api_key.digest = ANY (wanted)
    $$
"""
ACCESS_OF = """
    CREATE FUNCTION access_of(person uuid, wanted_org text, wanted_project text)
    RETURNS TABLE (
        org_id uuid, org_public_id text, org_name text, org_role text, org_deleted_at timestamptz, made_with uuid,
        control_id uuid, project_id uuid, project_public_id text, project_name text, project_role text,
        project_deleted_at timestamptz,
        add_wait_ms integer, v1_is_synchronous boolean, shows_superseded boolean, attribution text
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
    AS $$
        SELECT organization.id, organization.public_id, organization.name, in_org.role, organization.deleted_at,
               organization.made_with, control.id, project.id, project.public_id, project.name, in_project.role,
               project.deleted_at,
               project.add_wait_ms, project.v1_is_synchronous, project.shows_superseded, project.attribution
        FROM (
            SELECT id FROM public.organization WHERE public_id = wanted_org
            UNION ALL
            SELECT org_id FROM public.project WHERE wanted_org = '' AND public_id = wanted_project
        ) AS named
        JOIN public.organization ON organization.id = named.id AND organization.erased_at IS NULL
        JOIN public.project AS control ON control.org_id = organization.id AND control.is_control
        LEFT JOIN public.project
            ON project.org_id = organization.id AND project.public_id = wanted_project AND NOT project.is_control
            AND project.erased_at IS NULL
        LEFT JOIN public.membership AS in_org
            ON in_org.org_id = organization.id AND in_org.user_id = person AND in_org.project_id IS NULL
        LEFT JOIN public.membership AS in_project
            ON in_project.org_id = organization.id AND in_project.user_id = person
            AND in_project.project_id = project.id
        WHERE EXISTS (
            SELECT FROM public.membership
            WHERE membership.org_id = organization.id AND membership.user_id = person
        )
    $$
"""
ORGANIZATIONS_OF = """
    CREATE FUNCTION organizations_of(person uuid) RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
        SELECT organization.public_id FROM public.organization
        WHERE organization.deleted_at IS NULL AND EXISTS (
            SELECT FROM public.membership
            WHERE membership.org_id = organization.id AND membership.user_id = person
        )
        ORDER BY organization.created_at, organization.id
    $$
"""
ORGANIZATION_OF_PROVIDER = """
    CREATE FUNCTION organization_of_provider(wanted text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
        SELECT org_id FROM public.identity_provider
        JOIN public.organization ON organization.id = identity_provider.org_id AND organization.deleted_at IS NULL
        WHERE identity_provider.public_id = wanted
    $$
"""
ORGANIZATION_OF_DOMAIN = """
    CREATE FUNCTION organization_of_domain(wanted text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
        SELECT org_id FROM public.domain
        JOIN public.organization ON organization.id = domain.org_id AND organization.deleted_at IS NULL
        WHERE domain.name = wanted AND domain.verified_at IS NOT NULL
    $$
"""


def before_tenant(function: str, signature: str) -> migrations.RunSQL:
    """Makes a function that only the app may run."""
    return migrations.RunSQL(
        sql=[
            function,
            f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION {signature} TO {APP}",
        ],
        reverse_sql=f"DROP FUNCTION {signature}",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0002_project_settings"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="allowed_cidrs",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=43), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="daily_quota",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="entity",
            field=models.CharField(blank=True, db_default="", default="", max_length=300),
        ),
        migrations.AddField(
            model_name="apikey",
            name="grace_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="kind",
            field=models.CharField(
                choices=[("sk", "Project"), ("rk", "Restricted"), ("ak", "Organization")],
                db_default="sk",
                default="sk",
                max_length=2,
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="pepper_id",
            field=models.CharField(db_default="", default="", max_length=8),
        ),
        migrations.AddField(
            model_name="apikey",
            name="rate_per_minute",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="rotated_from",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="organization",
            name="deleted_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="organization",
            name="erased_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="organization",
            name="made_with",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="project",
            name="deleted_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="project",
            name="description",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="project",
            name="erased_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="project",
            name="settings",
            field=models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.CreateModel(
            name="IdentityProvider",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "public_id",
                    models.CharField(
                        default=functools.partial(orgs.ids.new_public_id, *("sso",)), max_length=64, unique=True
                    ),
                ),
                ("kind", models.CharField(choices=[("oidc", "Oidc"), ("saml", "Saml")], max_length=8)),
                ("name", models.CharField(max_length=200)),
                ("client_id", models.CharField(max_length=500)),
                ("secret", models.TextField(blank=True, default="")),
                ("settings", models.JSONField(default=dict)),
                (
                    "default_role",
                    models.CharField(
                        choices=[("OWNER", "Owner"), ("READER", "Reader")], default="READER", max_length=16
                    ),
                ),
                ("is_enabled", models.BooleanField(default=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "org",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identity_providers",
                        to="orgs.organization",
                    ),
                ),
            ],
            options={
                "db_table": "identity_provider",
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("number", models.BigIntegerField()),
                (
                    "actor_type",
                    models.CharField(
                        choices=[
                            ("person", "Person"),
                            ("key", "Key"),
                            ("system", "System"),
                            ("anonymous", "Anonymous"),
                        ],
                        max_length=16,
                    ),
                ),
                ("actor_id", models.UUIDField(null=True)),
                ("key_id", models.UUIDField(null=True)),
                ("ip", models.GenericIPAddressField(null=True)),
                ("request_id", models.CharField(blank=True, default="", max_length=64)),
                ("action", models.CharField(max_length=64)),
                ("object_type", models.CharField(max_length=32)),
                ("object_id", models.CharField(blank=True, default="", max_length=300)),
                (
                    "outcome",
                    models.CharField(choices=[("done", "Done"), ("denied", "Denied")], default="done", max_length=16),
                ),
                ("details", models.JSONField(default=dict)),
                ("previous_hash", models.CharField(blank=True, default="", max_length=64)),
                ("hash", models.CharField(max_length=64)),
                (
                    "org",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="audit_entries",
                        to="orgs.organization",
                    ),
                ),
            ],
            options={
                "db_table": "audit_entry",
                "indexes": [
                    models.Index(fields=["org", "action", "number"], name="audit_entry_action"),
                    models.Index(fields=["org", "actor_id", "number"], name="audit_entry_actor"),
                ],
                "constraints": [models.UniqueConstraint(fields=("org", "number"), name="audit_entry_number")],
            },
        ),
        migrations.CreateModel(
            name="Domain",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("name", models.CharField(max_length=253)),
                ("token", models.CharField(max_length=64)),
                ("verified_at", models.DateTimeField(null=True)),
                (
                    "org",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="domains", to="orgs.organization"
                    ),
                ),
            ],
            options={
                "db_table": "domain",
                "constraints": [
                    models.UniqueConstraint(fields=("org", "name"), name="domain_once_per_org"),
                    models.UniqueConstraint(
                        condition=models.Q(("verified_at__isnull", False)), fields=("name",), name="domain_proved_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("email", models.EmailField(max_length=254)),
                ("role", models.CharField(choices=[("OWNER", "Owner"), ("READER", "Reader")], max_length=16)),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "invited_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "org",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="invitations", to="orgs.organization"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="orgs.project",
                    ),
                ),
            ],
            options={
                "db_table": "invitation",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("accepted_at", None), ("revoked_at", None)),
                        fields=("org", "project", "email"),
                        name="invitation_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        OrgTable("Invitation"),
        OrgTable("Domain", owner_reads=True),
        OrgTable("IdentityProvider", owner_reads=True),
        OrgTable("AuditEntry", append_only=True),
        migrations.RunSQL(sql=owner_reads("membership"), reverse_sql="DROP POLICY before_tenant ON membership"),
        # Processes of the version before ask caller_by_digest until they are stopped; of the one before that, none is left.
        migrations.RunSQL(
            sql="DROP FUNCTION api_key_by_digest(bytea)",
            reverse_sql=import_module("orgs.migrations.0001_initial").API_KEY_BY_DIGEST,
        ),
        before_tenant(KEY_BY_DIGEST, "key_by_digest(bytea[])"),
        before_tenant(ACCESS_OF, "access_of(uuid, text, text)"),
        before_tenant(ORGANIZATIONS_OF, "organizations_of(uuid)"),
        before_tenant(ORGANIZATION_OF_PROVIDER, "organization_of_provider(text)"),
        before_tenant(ORGANIZATION_OF_DOMAIN, "organization_of_domain(text)"),
    ]
