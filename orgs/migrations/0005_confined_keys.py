from importlib import import_module

from django.db import migrations, models

control_plane = import_module("orgs.migrations.0003_control_plane")

# The same with one column more.
KEY_BY_DIGESTS = (
    control_plane.KEY_BY_DIGEST.replace("key_by_digest", "key_by_digests")
    .replace("is_ending boolean,", "is_ending boolean, is_confined boolean,")
    .replace("api_key.grace_until IS NOT NULL,", "api_key.grace_until IS NOT NULL, api_key.is_confined,")
)


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0004_accounts"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="is_confined",
            field=models.BooleanField(db_default=False, default=False),
        ),
        # Processes of the version before ask key_by_digest until they are stopped; of the one before that, none is left.
        migrations.RunSQL(
            sql="DROP FUNCTION caller_by_digest(bytea)",
            reverse_sql=import_module("orgs.migrations.0002_project_settings").CALLER_BY_DIGEST,
        ),
        control_plane.before_tenant(KEY_BY_DIGESTS, "key_by_digests(bytea[])"),
    ]
