from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("memories", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="entity",
            name="display_name",
            field=models.CharField(blank=True, db_default="", default="", max_length=256),
        ),
    ]
