from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loci", "0003_growth_indexes"),
    ]

    operations = [
        migrations.AlterField("requestlog", "key_id", models.UUIDField(null=True)),
    ]
