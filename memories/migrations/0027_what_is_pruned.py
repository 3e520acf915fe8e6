from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

NAMES = ("event_untrimmed", "message_hidden", "memory_expiry")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("memories", "0026_event_trimmed"),
    ]

    operations = [
        # An interrupted run leaves some of them, of which the last is one that nothing uses.
        migrations.RunSQL(
            [f"DROP INDEX CONCURRENTLY IF EXISTS {name}" for name in NAMES],
            migrations.RunSQL.noop,
        ),
        AddIndexConcurrently(
            model_name="event",
            index=models.Index(
                fields=["project", "created_at"],
                name="event_untrimmed",
                condition=models.Q(event_type="ADD", trimmed_at__isnull=True),
            ),
        ),
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                fields=["project", "event"], name="message_hidden", condition=models.Q(in_context=False)
            ),
        ),
        AddIndexConcurrently(
            model_name="memory",
            index=models.Index(
                fields=["project", "expires_on"],
                name="memory_expiry",
                condition=models.Q(("expires_on__isnull", False), models.Q(("state", "deleted"), _negated=True)),
            ),
        ),
    ]
