import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import loci.tenancy.context
import loci.tenancy.models
from loci.tenancy.operations import TenantTable


class Migration(migrations.Migration):
    dependencies = [
        ("loci", "0001_initial"),
        ("orgs", "0002_project_settings"),
    ]

    operations = [
        # The column keeps its name, for processes of the version before.
        migrations.AlterField("idempotencykey", "event_id", models.UUIDField(db_column="event_id", null=True)),
        migrations.RenameField("idempotencykey", old_name="event_id", new_name="subject_id"),
        migrations.CreateModel(
            name="RequestLog",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("request_id", models.CharField(max_length=64)),
                ("key_id", models.UUIDField()),
                ("method", models.CharField(max_length=8)),
                ("route", models.CharField(max_length=128)),
                ("operation", models.CharField(blank=True, default="", max_length=32)),
                ("status", models.PositiveSmallIntegerField()),
                ("milliseconds", models.FloatField()),
                ("stages", models.JSONField(default=dict)),
                ("entity_id", models.UUIDField(null=True)),
                (
                    "memory_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
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
                "db_table": "request_log",
                "indexes": [
                    models.Index(fields=["project", "created_at"], name="request_log_newest"),
                    models.Index(fields=["project", "operation", "created_at"], name="request_log_operation"),
                ],
            },
        ),
        TenantTable("RequestLog"),
    ]
