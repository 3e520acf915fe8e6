from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("memories", "0003_memory_superseded"),
    ]

    operations = [
        # An interrupted run leaves an index that nothing uses.
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS revision_shown", migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="revision",
            index=models.Index(
                condition=models.Q(("cause__in", ["ADD", "UPDATE", "DELETE"])),
                fields=["project", "recorded_from", "id"],
                name="revision_shown",
            ),
        ),
    ]
