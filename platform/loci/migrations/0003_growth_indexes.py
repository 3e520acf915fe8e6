from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

NAMES = ("idempotency_key_subject", "idempotency_key_oldest", "request_log_answered")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("loci", "0002_request_log"),
    ]

    operations = [
        # An interrupted run leaves some of them, of which the last is one that nothing uses.
        migrations.RunSQL(
            [f"DROP INDEX CONCURRENTLY IF EXISTS {name}" for name in NAMES],
            migrations.RunSQL.noop,
        ),
        AddIndexConcurrently(
            model_name="idempotencykey",
            index=models.Index(
                condition=models.Q(("subject_id__isnull", False)),
                fields=["project", "subject_id"],
                name="idempotency_key_subject",
            ),
        ),
        AddIndexConcurrently(
            model_name="idempotencykey",
            index=models.Index(fields=["project", "created_at"], name="idempotency_key_oldest"),
        ),
        AddIndexConcurrently(
            model_name="requestlog",
            index=models.Index(
                condition=models.Q(("status__lt", 400)), fields=["project", "operation"], name="request_log_answered"
            ),
        ),
    ]
