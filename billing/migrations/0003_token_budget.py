import django.db.models.deletion
from django.db import migrations, models

import loci.tenancy.models
from loci.tenancy.operations import OrgTable


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0004_accounts"),
        ("billing", "0002_plans"),
    ]

    operations = [
        migrations.CreateModel(
            name="TokenBudget",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("day", models.DateField()),
                ("used", models.BigIntegerField(default=0)),
                ("reserved", models.BigIntegerField(default=0)),
                (
                    "org",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="token_budget",
                        to="orgs.organization",
                    ),
                ),
            ],
            options={"db_table": "token_budget"},
        ),
        OrgTable("TokenBudget"),
    ]
