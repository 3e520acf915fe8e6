import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import loci.tenancy.context
import loci.tenancy.models
from loci.tenancy.operations import TenantTable


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("orgs", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="UsageEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("meter", models.CharField(max_length=32)),
                ("source", models.UUIDField()),
                ("quantity", models.PositiveIntegerField()),
                ("occurred_at", models.DateTimeField(default=django.utils.timezone.now)),
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
                "db_table": "usage_entry",
                "constraints": [
                    models.UniqueConstraint(fields=("project", "meter", "source"), name="usage_entry_once")
                ],
            },
        ),
        TenantTable("UsageEntry", system="SELECT"),
    ]
