from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("memories", "0018_memory_follows"),
    ]

    operations = [
        migrations.AddField(
            model_name="memory",
            name="analyzer",
            field=models.SmallIntegerField(db_default=1, default=0),
        ),
        migrations.AddField(
            model_name="revision",
            name="analyzer",
            field=models.SmallIntegerField(db_default=1, default=0),
        ),
    ]
