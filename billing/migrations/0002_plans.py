import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import loci.tenancy.models
from loci.tenancy.operations import OrgTable
from loci.tenancy.registry import BACKUP_ROLE

PLANS = {
    "self-hosted": {},
    "free": {"add": "1000/minute", "search": "600/minute", "other": "1200/minute"},
}


def make_plans(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    plans = apps.get_model("billing", "Plan").objects.using(schema_editor.connection.alias)
    for name, rates in PLANS.items():
        plans.create(name=name, rates=rates)


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0001_initial"),
        ("billing", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Plan",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=64, unique=True)),
                ("rates", models.JSONField(default=dict)),
            ],
            options={"db_table": "plan"},
        ),
        migrations.RunPython(make_plans, migrations.RunPython.noop),
        migrations.RunSQL(
            sql=f"GRANT SELECT ON plan TO {settings.DATABASE_ROLES['app']}, {BACKUP_ROLE}",
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.CreateModel(
            name="PlanAssignment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "org",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="plan_assignment",
                        to="orgs.organization",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.plan"),
                ),
            ],
            options={"db_table": "plan_assignment"},
        ),
        OrgTable("PlanAssignment"),
    ]
