from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("workers", "0002_job_cursor"),
    ]

    operations = [
        migrations.AddField(model_name="job", name="requests", field=models.IntegerField(default=0, db_default=0)),
    ]
