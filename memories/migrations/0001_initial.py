import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import pgvector.django.halfvec
from django.conf import settings
from django.db import migrations, models

import loci.tenancy.context
import loci.tenancy.models
import memories.fields
from loci.tenancy.operations import TenantTable


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("orgs", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(
            sql=[
                "CREATE SEQUENCE entity_number",
                f"GRANT USAGE ON SEQUENCE entity_number TO {settings.DATABASE_ROLES['app']}",
            ],
            reverse_sql="DROP SEQUENCE entity_number",
        ),
        migrations.CreateModel(
            name="Entity",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "type",
                    models.CharField(
                        choices=[("user", "user"), ("agent", "agent"), ("app", "app"), ("run", "run")], max_length=16
                    ),
                ),
                ("name", models.CharField(max_length=256)),
                (
                    "number",
                    models.BigIntegerField(db_default=models.Func(models.Value("entity_number"), function="nextval")),
                ),
                ("metadata", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
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
                "db_table": "entity",
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("user_id", models.CharField(max_length=256, null=True)),
                ("agent_id", models.CharField(max_length=256, null=True)),
                ("app_id", models.CharField(max_length=256, null=True)),
                ("run_id", models.CharField(max_length=256, null=True)),
                ("event_type", models.CharField(max_length=32)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("PENDING", "Pending"),
                            ("RUNNING", "Running"),
                            ("SUCCEEDED", "Succeeded"),
                            ("FAILED", "Failed"),
                        ],
                        default="PENDING",
                        max_length=16,
                    ),
                ),
                ("payload", models.JSONField(default=dict)),
                ("results", models.JSONField(default=list)),
                ("verdicts", models.JSONField(default=list)),
                ("error", models.TextField(blank=True, default="")),
                ("said_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("started_at", models.DateTimeField(null=True)),
                ("completed_at", models.DateTimeField(null=True)),
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
                "db_table": "event",
            },
        ),
        migrations.CreateModel(
            name="Memory",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("user_id", models.CharField(max_length=256, null=True)),
                ("agent_id", models.CharField(max_length=256, null=True)),
                ("app_id", models.CharField(max_length=256, null=True)),
                ("run_id", models.CharField(max_length=256, null=True)),
                ("text", models.TextField()),
                ("hash", models.CharField(max_length=32)),
                ("metadata", models.JSONField(null=True)),
                (
                    "categories",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100), null=True, size=None
                    ),
                ),
                ("embedding", pgvector.django.halfvec.HalfVectorField(null=True)),
                ("embedding_model", models.CharField(blank=True, default="", max_length=100)),
                ("terms", memories.fields.TSVectorField(null=True)),
                ("term_count", models.PositiveIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "Active"), ("superseded", "Superseded"), ("deleted", "Deleted")],
                        default="active",
                        max_length=16,
                    ),
                ),
                ("immutable", models.BooleanField(default=False)),
                ("expires_on", models.DateField(null=True)),
                ("version", models.IntegerField(default=1)),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
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
                (
                    "replaced_by",
                    loci.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="memories.memory",
                    ),
                ),
            ],
            options={
                "db_table": "memory",
            },
        ),
        migrations.CreateModel(
            name="Attribute",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.CharField(max_length=100)),
                ("value", models.TextField()),
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
                (
                    "entity",
                    loci.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="memories.entity",
                    ),
                ),
                (
                    "memory",
                    loci.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="memories.memory",
                    ),
                ),
            ],
            options={
                "db_table": "attribute",
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("user_id", models.CharField(max_length=256, null=True)),
                ("agent_id", models.CharField(max_length=256, null=True)),
                ("app_id", models.CharField(max_length=256, null=True)),
                ("run_id", models.CharField(max_length=256, null=True)),
                ("position", models.PositiveIntegerField()),
                ("role", models.CharField(max_length=32)),
                ("name", models.CharField(blank=True, default="", max_length=256)),
                ("content", models.TextField()),
                ("said_at", models.DateTimeField()),
                ("in_context", models.BooleanField(default=True)),
                (
                    "event",
                    loci.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="memories.event",
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
                "db_table": "message",
            },
        ),
        migrations.CreateModel(
            name="Revision",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=loci.tenancy.models.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("user_id", models.CharField(max_length=256, null=True)),
                ("agent_id", models.CharField(max_length=256, null=True)),
                ("app_id", models.CharField(max_length=256, null=True)),
                ("run_id", models.CharField(max_length=256, null=True)),
                ("text", models.TextField()),
                ("valid_from", models.DateTimeField()),
                ("valid_to", models.DateTimeField(null=True)),
                ("recorded_from", models.DateTimeField(default=django.utils.timezone.now)),
                ("recorded_to", models.DateTimeField(null=True)),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("ADD", "Add"),
                            ("UPDATE", "Update"),
                            ("DELETE", "Delete"),
                            ("REPEAT", "Repeat"),
                            ("SPLIT", "Split"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "sources",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), default=list, size=None
                    ),
                ),
                ("speaker", models.CharField(blank=True, default="", max_length=32)),
                ("extractor", models.CharField(blank=True, default="", max_length=100)),
                ("attribute_value", models.TextField(blank=True, default="")),
                (
                    "event",
                    loci.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="memories.event",
                    ),
                ),
                (
                    "memory",
                    loci.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="memories.memory",
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
                "db_table": "revision",
            },
        ),
        migrations.AddConstraint(
            model_name="entity",
            constraint=models.UniqueConstraint(fields=("project", "type", "name"), name="entity_once"),
        ),
        migrations.AddConstraint(
            model_name="entity",
            constraint=models.UniqueConstraint(fields=("project", "number"), name="entity_number_once"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["project", "created_at"], name="event_newest"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["project", "user_id", "created_at"], name="event_user"),
        ),
        migrations.AddIndex(
            model_name="memory",
            index=models.Index(fields=["project", "user_id", "created_at"], name="memory_user"),
        ),
        migrations.AddIndex(
            model_name="memory",
            index=models.Index(fields=["project", "agent_id", "created_at"], name="memory_agent"),
        ),
        migrations.AddIndex(
            model_name="memory",
            index=models.Index(fields=["project", "app_id", "created_at"], name="memory_app"),
        ),
        migrations.AddIndex(
            model_name="memory",
            index=models.Index(fields=["project", "run_id", "created_at"], name="memory_run"),
        ),
        migrations.AddIndex(
            model_name="memory",
            index=models.Index(fields=["project", "created_at"], name="memory_newest"),
        ),
        migrations.AddIndex(
            model_name="memory",
            index=models.Index(fields=["project", "hash"], name="memory_hash"),
        ),
        migrations.AddIndex(
            model_name="attribute",
            index=models.Index(fields=["project", "memory"], name="attribute_memory"),
        ),
        migrations.AddConstraint(
            model_name="attribute",
            constraint=models.UniqueConstraint(fields=("project", "entity", "key"), name="attribute_once"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["project", "user_id", "said_at"], name="message_user"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["project", "agent_id", "said_at"], name="message_agent"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["project", "app_id", "said_at"], name="message_app"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["project", "run_id", "said_at"], name="message_run"),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(fields=("project", "event", "position"), name="message_once"),
        ),
        migrations.AddIndex(
            model_name="revision",
            index=models.Index(fields=["project", "memory", "recorded_from"], name="revision_memory"),
        ),
        migrations.AddIndex(
            model_name="revision",
            index=models.Index(fields=["project", "event"], name="revision_event"),
        ),
        TenantTable("Entity"),
        TenantTable("Event", bound=True),
        TenantTable("Message", bound=True),
        TenantTable("Memory", bound=True),
        TenantTable("Revision", bound=True),
        TenantTable("Attribute"),
    ]
