import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("memories", "0004_revision_shown"),
    ]

    operations = [
        migrations.AddField(
            model_name="event",
            name="actor_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="event",
            name="key_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="memory",
            name="event_time",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="memory",
            name="flags",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=32), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="memory",
            name="importance",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="memory",
            name="lifetime",
            field=models.CharField(
                choices=[("lasting", "Lasting"), ("temporary", "Temporary"), ("momentary", "Momentary")],
                db_default="lasting",
                default="lasting",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="memory",
            name="relations",
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AddField(
            model_name="memory",
            name="topic_keys",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=200), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="memory",
            name="topics",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=200), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="memory",
            name="trust",
            field=models.CharField(
                choices=[("user", "User"), ("assistant", "Assistant"), ("external", "External")],
                db_default="user",
                default="user",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="revision",
            name="actor_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="revision",
            name="attribute_key",
            field=models.CharField(blank=True, db_default="", default="", max_length=100),
        ),
        migrations.AddField(
            model_name="revision",
            name="key_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="revision",
            name="speaker_name",
            field=models.CharField(blank=True, db_default="", default="", max_length=256),
        ),
        migrations.AddField(
            model_name="revision",
            name="trust",
            field=models.CharField(
                choices=[("user", "User"), ("assistant", "Assistant"), ("external", "External")],
                db_default="user",
                default="user",
                max_length=16,
            ),
        ),
    ]
