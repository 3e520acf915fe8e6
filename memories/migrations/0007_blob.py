import django.db.models.deletion
from django.db import migrations, models

import loci.tenancy.context
import loci.tenancy.models
from loci.tenancy.operations import TenantTable


class Migration(migrations.Migration):
    dependencies = [
        ("memories", "0006_event_key"),
    ]

    operations = [
        migrations.CreateModel(
            name="Blob",
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
                ("position", models.PositiveIntegerField()),
                ("part", models.PositiveIntegerField()),
                ("piece", models.PositiveIntegerField(default=0)),
                (
                    "form",
                    models.CharField(choices=[("file", "File"), ("url", "Url"), ("chunk", "Chunk")], max_length=8),
                ),
                ("kind", models.CharField(max_length=8)),
                ("content", models.BinaryField()),
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
                "db_table": "blob",
                "indexes": [models.Index(fields=["project", "expires_at"], name="blob_expiry")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("project", "event", "position", "part", "form", "piece"), name="blob_once"
                    )
                ],
            },
        ),
        TenantTable("Blob", bound=True),
    ]
