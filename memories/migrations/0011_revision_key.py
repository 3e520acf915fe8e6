from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("memories", "0010_provenance"),
    ]

    operations = [
        # An interrupted run leaves an index that nothing uses.
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS revision_key", migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="revision",
            index=models.Index(
                condition=models.Q(("key_id__isnull", False), ("recorded_to__isnull", True)),
                fields=["project", "key_id", "memory"],
                name="revision_key",
            ),
        ),
    ]
