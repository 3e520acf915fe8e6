from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("memories", "0013_storage_of_what_is_scanned"),
    ]

    operations = [
        migrations.AddField(
            model_name="memory",
            name="verbatim",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="memory",
            name="follows",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="memory",
            name="speaker_name",
            field=models.CharField(blank=True, db_default="", default="", max_length=256),
        ),
    ]
