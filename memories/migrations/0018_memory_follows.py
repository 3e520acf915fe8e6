from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("memories", "0017_conversation"),
    ]

    operations = [
        # An interrupted run leaves an index that nothing uses.
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS memory_follows", migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="memory",
            index=models.Index(
                condition=models.Q(("follows__isnull", False)),
                fields=["project", "follows"],
                name="memory_follows",
            ),
        ),
    ]
