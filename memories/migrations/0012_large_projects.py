import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import loci.tenancy.context
import loci.tenancy.models
from loci.tenancy.operations import TenantTable
from loci.tenancy.registry import BACKUP_ROLE


class Migration(migrations.Migration):
    dependencies = [
        ("memories", "0011_revision_key"),
        ("orgs", "0006_deleted_organizations"),
    ]

    operations = [
        migrations.CreateModel(
            name="SearchIndex",
            fields=[
                ("project_id", models.UUIDField(primary_key=True, serialize=False)),
                ("public_id", models.CharField(max_length=64)),
                ("memories", models.PositiveIntegerField()),
                ("embedding_model", models.CharField(max_length=100)),
                ("dimensions", models.PositiveIntegerField()),
                ("ready", models.BooleanField(default=False)),
                ("seen_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "search_index",
            },
        ),
        migrations.CreateModel(
            name="TermStatistic",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("term", models.CharField(max_length=64)),
                ("documents", models.PositiveIntegerField()),
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
                "db_table": "term_statistic",
                "constraints": [models.UniqueConstraint(fields=("project", "term"), name="term_statistic_once")],
            },
        ),
        TenantTable("TermStatistic"),
        migrations.RunSQL(
            sql=f"GRANT SELECT ON search_index TO {settings.DATABASE_ROLES['app']}, {BACKUP_ROLE}",
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
