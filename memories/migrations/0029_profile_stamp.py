from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("memories", "0028_review"),
    ]

    operations = [
        migrations.AddField(
            model_name="profile",
            name="stamp",
            field=models.CharField(blank=True, db_default="", default="", max_length=100),
        ),
        migrations.AlterField(
            model_name="profilejob",
            name="operation",
            field=models.CharField(
                choices=[("trigger", "Trigger"), ("sample", "Sample"), ("refresh", "Refresh")], max_length=16
            ),
        ),
    ]
