import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("memories", "0009_revision_said"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="flags",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=32), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="revision",
            name="judged",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="revision",
            name="own_words",
            field=models.TextField(null=True),
        ),
    ]
