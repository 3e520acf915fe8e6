import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import loci.tenancy.context
import loci.tenancy.models
from loci.tenancy.operations import TenantTable


class Migration(migrations.Migration):
    dependencies = [
        ("memories", "0021_memory_of_entities"),
        ("orgs", "0007_search_weights"),
    ]

    operations = [
        migrations.AlterField(
            model_name="blob",
            name="form",
            field=models.CharField(
                choices=[("file", "File"), ("url", "Url"), ("chunk", "Chunk"), ("export", "Export")], max_length=8
            ),
        ),
        migrations.CreateModel(
            name="Export",
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
                (
                    "format",
                    models.CharField(
                        choices=[("schema", "Schema"), ("jsonl", "Jsonl"), ("csv", "Csv"), ("parquet", "Parquet")],
                        max_length=16,
                    ),
                ),
                ("asked", models.JSONField(default=dict)),
                ("filters_hash", models.CharField(max_length=64)),
                (
                    "method",
                    models.CharField(
                        blank=True,
                        choices=[("llm", "Llm"), ("deterministic", "Deterministic")],
                        default="",
                        max_length=16,
                    ),
                ),
                ("count", models.BigIntegerField(default=0)),
                ("removed", models.BigIntegerField(default=0)),
                (
                    "last_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                ("size", models.BigIntegerField(null=True)),
                ("sha256", models.CharField(blank=True, default="", max_length=64)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("expires_at", models.DateTimeField()),
                (
                    "event",
                    loci.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="memories.event",
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
                "db_table": "export",
                "indexes": [
                    models.Index(fields=["project", "filters_hash", "created_at"], name="export_newest"),
                    models.Index(fields=["project", "expires_at"], name="export_expiry"),
                ],
            },
        ),
        TenantTable("Export", bound=True),
    ]
