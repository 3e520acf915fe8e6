from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("memories", "0008_what_was_said"),
    ]

    operations = [
        # An interrupted run leaves an index that nothing uses.
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS revision_said", migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="revision",
            index=models.Index(fields=["project", "memory", "valid_from"], name="revision_said"),
        ),
    ]
