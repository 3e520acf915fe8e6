from django.conf import settings
from django.db import migrations

from loci.tenancy.operations import READ_WRITE, GrantTable

# As `createcachetable` would make it, which asks the default connection, whose role may not.
SHARED_CACHE = [
    """
    CREATE TABLE shared_cache (
        cache_key varchar(255) PRIMARY KEY,
        value text NOT NULL,
        expires timestamptz NOT NULL
    )
    """,
    "CREATE INDEX shared_cache_expires ON shared_cache (expires)",
    f"GRANT {READ_WRITE} ON shared_cache TO {settings.DATABASE_ROLES['app']}",
]


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0003_control_plane"),
        ("sessions", "0001_initial"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]

    operations = [
        GrantTable("Session", app="sessions"),
        GrantTable("EmailAddress", app="account"),
        GrantTable("EmailConfirmation", app="account"),
        GrantTable("Authenticator", app="mfa"),
        GrantTable("SocialAccount", app="socialaccount"),
        GrantTable("SocialApp", app="socialaccount"),
        GrantTable("SocialToken", app="socialaccount"),
        migrations.RunSQL(sql=SHARED_CACHE, reverse_sql="DROP TABLE shared_cache"),
    ]
