from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("workers", "0001_initial"),
    ]

    operations = [
        migrations.AddField(model_name="job", name="cursor", field=models.JSONField(null=True)),
    ]
