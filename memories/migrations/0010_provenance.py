import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import loci.tenancy.context
import loci.tenancy.models
from loci.tenancy.operations import TenantTable


class Migration(migrations.Migration):
    dependencies = [
        ("memories", "0009_revision_said"),
        ("orgs", "0004_accounts"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="flags",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=32), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="revision",
            name="judged",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="revision",
            name="own_words",
            field=models.TextField(null=True),
        ),
        migrations.CreateModel(
            name="Quarantined",
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
                ("fact", models.JSONField()),
                (
                    "flags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32), db_default=[], default=list, size=None
                    ),
                ),
                ("reason", models.TextField()),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[("released", "Released"), ("discarded", "Discarded")],
                        db_default="",
                        default="",
                        max_length=16,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
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
                "db_table": "quarantine",
                "indexes": [
                    models.Index(
                        condition=models.Q(("decision", "")),
                        fields=["project", "created_at", "id"],
                        name="quarantine_open",
                    ),
                    models.Index(fields=["project", "event"], name="quarantine_event"),
                ],
            },
        ),
        TenantTable("Quarantined", bound=True),
    ]
