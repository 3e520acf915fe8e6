from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0003_token_budget"),
    ]

    operations = [
        migrations.AddField(
            model_name="tokenbudget",
            name="reserved_at",
            field=models.DateTimeField(null=True),
        ),
    ]
