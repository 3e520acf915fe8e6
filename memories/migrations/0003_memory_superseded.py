from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("memories", "0002_entity_display_name"),
    ]

    operations = [
        # An interrupted run leaves an index that nothing uses.
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS memory_superseded", migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="memory",
            index=models.Index(
                condition=models.Q(("replaced_by__isnull", False)),
                fields=["project", "replaced_by"],
                name="memory_superseded",
            ),
        ),
    ]
