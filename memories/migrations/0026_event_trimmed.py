from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("memories", "0021_memory_of_entities"),
    ]

    operations = [
        migrations.AddField(model_name="event", name="trimmed_at", field=models.DateTimeField(null=True)),
    ]
