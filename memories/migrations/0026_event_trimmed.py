from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("memories", "0024_summaries_and_profiles"),
    ]

    operations = [
        migrations.AddField(model_name="event", name="trimmed_at", field=models.DateTimeField(null=True)),
    ]
