import pgvector.django.halfvec
from django.db import migrations, models

import memories.fields


class Migration(migrations.Migration):
    dependencies = [
        ("memories", "0007_blob"),
    ]

    operations = [
        migrations.AddField(
            model_name="revision",
            name="embedding",
            field=pgvector.django.halfvec.HalfVectorField(null=True),
        ),
        migrations.AddField(
            model_name="revision",
            name="embedding_model",
            field=models.CharField(blank=True, db_default="", default="", max_length=100),
        ),
        migrations.AddField(
            model_name="revision",
            name="terms",
            field=memories.fields.TSVectorField(null=True),
        ),
        migrations.AddField(
            model_name="revision",
            name="term_count",
            field=models.IntegerField(db_default=0, default=0),
        ),
    ]
