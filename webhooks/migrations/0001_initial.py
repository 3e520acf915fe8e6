import functools

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models

import loci.tenancy.context
import loci.tenancy.models
import orgs.ids
import webhooks.models
from loci.tenancy.operations import TenantTable


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("orgs", "0007_search_weights"),
    ]

    operations = [
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "public_id",
                    models.CharField(default=functools.partial(orgs.ids.new_public_id, *("wh",)), max_length=64),
                ),
                ("name", models.CharField(max_length=200)),
                ("url", models.CharField(max_length=2048)),
                (
                    "event_types",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), size=None),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("owner_id", models.UUIDField(null=True)),
                ("secrets", models.TextField()),
                ("first_failure_at", models.DateTimeField(null=True)),
                ("disabled_at", models.DateTimeField(null=True)),
                ("disabled_reason", models.TextField(blank=True, default="")),
                ("deleted_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "project",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        default=loci.tenancy.context.current_project_id,
                        editable=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="orgs.project",
                    ),
                ),
            ],
            options={
                "db_table": "webhook_endpoint",
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("message_id", models.CharField(default=webhooks.models.new_message_id, max_length=64)),
                ("event_type", models.CharField(max_length=64)),
                ("memory_id", models.UUIDField(null=True)),
                ("version", models.IntegerField(null=True)),
                ("body", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("delivered", "Delivered"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                ("attempts", models.IntegerField(default=0)),
                ("last_status", models.IntegerField(null=True)),
                ("last_error", models.TextField(blank=True, default="")),
                ("next_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "project",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        default=loci.tenancy.context.current_project_id,
                        editable=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="orgs.project",
                    ),
                ),
                (
                    "endpoint",
                    loci.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="webhooks.webhookendpoint",
                    ),
                ),
            ],
            options={
                "db_table": "delivery",
            },
        ),
        migrations.CreateModel(
            name="DeliveryAttempt",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.IntegerField()),
                ("started_at", models.DateTimeField()),
                ("duration_ms", models.IntegerField()),
                ("status", models.IntegerField(null=True)),
                ("error", models.TextField(blank=True, default="")),
                ("answer", models.CharField(blank=True, default="", max_length=1024)),
                (
                    "delivery",
                    loci.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="webhooks.delivery",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        default=loci.tenancy.context.current_project_id,
                        editable=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="orgs.project",
                    ),
                ),
            ],
            options={
                "db_table": "delivery_attempt",
                "constraints": [
                    models.UniqueConstraint(fields=("project", "delivery", "number"), name="delivery_attempt_number")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.UniqueConstraint(fields=("project", "public_id"), name="webhook_endpoint_public_id"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["project", "endpoint", "created_at", "id"], name="delivery_newest"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["project", "created_at"], name="delivery_oldest"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("memory_id__isnull", False)),
                fields=["project", "memory_id"],
                name="delivery_memory",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("project", "endpoint", "message_id"), name="delivery_once"),
        ),
        TenantTable("WebhookEndpoint"),
        TenantTable("Delivery"),
        TenantTable("DeliveryAttempt"),
    ]
