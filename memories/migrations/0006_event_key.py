from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("memories", "0005_what_extractors_say"),
    ]

    operations = [
        # An interrupted run leaves an index that nothing uses.
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS event_key", migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="event",
            index=models.Index(fields=["project", "key_id", "created_at"], name="event_key"),
        ),
    ]
