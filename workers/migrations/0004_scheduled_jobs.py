from django.db import migrations, models

NAME = "job_once_per_window"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("workers", "0003_job_requests"),
    ]

    operations = [
        # Each statement may run again: an interrupted run leaves the column, and an index that nothing uses.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE job ADD COLUMN IF NOT EXISTS scheduled_for timestamptz",
                    "ALTER TABLE job DROP COLUMN scheduled_for",
                )
            ],
            state_operations=[
                migrations.AddField(model_name="job", name="scheduled_for", field=models.DateTimeField(null=True))
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}", migrations.RunSQL.noop),
                migrations.RunSQL(
                    f"CREATE UNIQUE INDEX CONCURRENTLY {NAME} ON job (project_id, kind, scheduled_for)"
                    " WHERE scheduled_for IS NOT NULL",
                    f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}",
                ),
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name="job",
                    constraint=models.UniqueConstraint(
                        fields=("project", "kind", "scheduled_for"),
                        condition=models.Q(("scheduled_for__isnull", False)),
                        name=NAME,
                    ),
                )
            ],
        ),
    ]
