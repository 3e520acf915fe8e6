import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import loci.tenancy.context
import loci.tenancy.models
from loci.tenancy.operations import TenantTable


class Migration(migrations.Migration):
    dependencies = [
        ("memories", "0019_analyzer"),
        ("orgs", "0007_search_weights"),
    ]

    operations = [
        migrations.CreateModel(
            name="Access",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("user_id", models.CharField(max_length=256, null=True)),
                ("agent_id", models.CharField(max_length=256, null=True)),
                ("app_id", models.CharField(max_length=256, null=True)),
                ("run_id", models.CharField(max_length=256, null=True)),
                ("times", django.contrib.postgres.fields.ArrayField(base_field=models.DateTimeField(), size=None)),
                (
                    "memory",
                    loci.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="memories.memory",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        default=loci.tenancy.context.current_project_id,
                        editable=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="orgs.project",
                    ),
                ),
            ],
            options={
                "db_table": "access",
                "constraints": [models.UniqueConstraint(fields=("project", "memory"), name="access_once")],
            },
        ),
        migrations.CreateModel(
            name="Feedback",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("user_id", models.CharField(max_length=256, null=True)),
                ("agent_id", models.CharField(max_length=256, null=True)),
                ("app_id", models.CharField(max_length=256, null=True)),
                ("run_id", models.CharField(max_length=256, null=True)),
                ("actor_id", models.UUIDField(null=True)),
                ("key_id", models.UUIDField(null=True)),
                ("bound_to", models.CharField(blank=True, default="", max_length=300)),
                (
                    "opinion",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("POSITIVE", "Positive"),
                            ("NEGATIVE", "Negative"),
                            ("VERY_NEGATIVE", "Very Negative"),
                        ],
                        default="",
                        max_length=16,
                    ),
                ),
                ("reason", models.TextField(blank=True, default="")),
                ("hash", models.CharField(max_length=32)),
                ("given_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "memory",
                    loci.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="memories.memory",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        default=loci.tenancy.context.current_project_id,
                        editable=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="orgs.project",
                    ),
                ),
            ],
            options={
                "db_table": "feedback",
                "constraints": [
                    models.UniqueConstraint(fields=("project", "memory", "actor_id", "bound_to"), name="feedback_once")
                ],
            },
        ),
        TenantTable("Access", bound=True),
        TenantTable("Feedback", bound=True),
    ]
