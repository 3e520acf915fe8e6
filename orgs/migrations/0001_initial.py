import functools

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import loci.tenancy.models
import orgs.ids
from loci.tenancy.operations import GrantTable, OrgTable

# A key is read before the tenant is known, so the function runs as the owner, whom a policy lets read these tables.
API_KEY_BY_DIGEST = """
    CREATE FUNCTION api_key_by_digest(wanted bytea)
    RETURNS TABLE (
        key_id uuid, org_id uuid, project_id uuid, org_public_id text, project_public_id text, user_email text,
        scopes text[], add_wait_ms integer, expires_at timestamptz, last_used_at timestamptz
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
        SELECT api_key.id, organization.id, project.id, organization.public_id, project.public_id, maker.email,
               api_key.scopes, project.add_wait_ms, api_key.expires_at, api_key.last_used_at
        FROM public.api_key
        JOIN public.project ON project.id = api_key.project_id AND project.org_id = api_key.org_id
        JOIN public.organization ON organization.id = api_key.org_id
        JOIN public."user" AS maker ON maker.id = api_key.created_by_id
        WHERE api_key.digest = wanted AND api_key.revoked_at IS NULL AND maker.is_active
    $$
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.RunSQL(
            sql=[
                "CREATE SEQUENCE project_number",
                f"GRANT USAGE ON SEQUENCE project_number TO {settings.DATABASE_ROLES['app']}",
            ],
            reverse_sql="DROP SEQUENCE project_number",
        ),
        migrations.CreateModel(
            name="Organization",
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
                        default=functools.partial(orgs.ids.new_public_id, *("org",)), max_length=64, unique=True
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "db_table": "organization",
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("is_active", models.BooleanField(default=True)),
                ("is_staff", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "db_table": "user",
            },
        ),
        migrations.CreateModel(
            name="Project",
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
                        default=functools.partial(orgs.ids.new_public_id, *("proj",)), max_length=64, unique=True
                    ),
                ),
                (
                    "number",
                    models.BigIntegerField(
                        db_default=models.Func(models.Value("project_number"), function="nextval"), unique=True
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("is_control", models.BooleanField(default=False)),
                ("is_default", models.BooleanField(default=False)),
                ("add_wait_ms", models.PositiveIntegerField(default=0)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "org",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="projects", to="orgs.organization"
                    ),
                ),
            ],
            options={
                "db_table": "project",
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("role", models.CharField(choices=[("OWNER", "Owner"), ("READER", "Reader")], max_length=16)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "org",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="memberships", to="orgs.organization"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="orgs.project",
                    ),
                ),
            ],
            options={
                "db_table": "membership",
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("name", models.CharField(max_length=200)),
                ("digest", models.BinaryField(unique=True)),
                ("display", models.CharField(max_length=32)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), size=None),
                ),
                ("expires_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("last_used_at", models.DateTimeField(null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="api_keys",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "org",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="api_keys", to="orgs.organization"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_keys",
                        to="orgs.project",
                    ),
                ),
            ],
            options={
                "db_table": "api_key",
            },
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_control", True)), fields=("org",), name="project_one_control_per_org"
            ),
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.UniqueConstraint(fields=("org", "id"), name="project_of_org"),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                fields=("org", "project", "user"), name="membership_once", nulls_distinct=False
            ),
        ),
        OrgTable("Organization", column="id", owner_reads=True),
        OrgTable("Project", or_project=True, owner_reads=True, system="SELECT"),
        OrgTable("Membership"),
        OrgTable("ApiKey", owner_reads=True),
        GrantTable("User"),
        migrations.RunSQL(
            sql=[
                API_KEY_BY_DIGEST,
                "REVOKE ALL ON FUNCTION api_key_by_digest(bytea) FROM PUBLIC",
                f"GRANT EXECUTE ON FUNCTION api_key_by_digest(bytea) TO {settings.DATABASE_ROLES['app']}",
            ],
            reverse_sql="DROP FUNCTION api_key_by_digest(bytea)",
        ),
    ]
