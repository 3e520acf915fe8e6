import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import loci.tenancy.context
import loci.tenancy.models
from loci.tenancy.operations import TenantTable


class Migration(migrations.Migration):
    dependencies = [
        ("memories", "0027_what_is_pruned"),
        ("orgs", "0007_search_weights"),
    ]

    operations = [
        migrations.CreateModel(
            name="Review",
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
                    "kind",
                    models.CharField(choices=[("feedback", "Feedback"), ("duplicate", "Duplicate")], max_length=16),
                ),
                ("hash", models.CharField(max_length=32)),
                ("other_hash", models.CharField(blank=True, default="", max_length=32)),
                ("reason", models.TextField(blank=True, default="")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("approved", "Approved"),
                            ("edited", "Edited"),
                            ("rejected", "Rejected"),
                            ("undone", "Undone"),
                        ],
                        default="open",
                        max_length=16,
                    ),
                ),
                ("done", models.JSONField(null=True)),
                ("decided_by", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
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
                    "other",
                    loci.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
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
                "db_table": "review",
                "indexes": [
                    models.Index(fields=["project", "created_at", "id"], name="review_newest"),
                    models.Index(fields=["project", "memory"], name="review_memory"),
                    models.Index(
                        condition=models.Q(("other__isnull", False)), fields=["project", "other"], name="review_other"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "feedback"), ("state", "open")),
                        fields=("project", "memory", "hash"),
                        name="review_flagged_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "duplicate")),
                        fields=("project", "memory", "other", "hash", "other_hash"),
                        name="review_proposed_once",
                    ),
                ],
            },
        ),
        TenantTable("Review", bound=True),
    ]
