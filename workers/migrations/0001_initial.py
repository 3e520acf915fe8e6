import django.db.models.deletion
import django.db.models.functions.datetime
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
            name="Job",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=32)),
                ("queue", models.CharField(max_length=32)),
                ("lane", models.CharField(max_length=300, null=True)),
                ("event_id", models.UUIDField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "Pending"), ("running", "Running"), ("done", "Done"), ("dead", "Dead")],
                        default="pending",
                        max_length=16,
                    ),
                ),
                ("attempt", models.IntegerField(default=0)),
                ("soft", models.IntegerField(default=0)),
                ("fence", models.IntegerField(default=0)),
                ("lease_until", models.DateTimeField(null=True)),
                ("not_before", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("published_at", models.DateTimeField(null=True)),
                ("last_error", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("finished_at", models.DateTimeField(null=True)),
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
                "db_table": "job",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["pending", "running"])),
                        fields=["project", "queue", "not_before"],
                        name="job_open",
                    ),
                    models.Index(fields=["project", "event_id"], name="job_event"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")),
                        fields=("project", "lane"),
                        name="job_one_running_per_lane",
                    )
                ],
            },
        ),
        TenantTable("Job", system="SELECT, INSERT, UPDATE"),
    ]
