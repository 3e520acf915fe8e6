from importlib import import_module

from django.db import migrations, models

control_plane = import_module("orgs.migrations.0003_control_plane")
confined_keys = import_module("orgs.migrations.0005_confined_keys")

COLUMNS, VALUES = "attribution text", "project.shows_superseded, project.attribution"


def _with_weights(function: str, name: str, new_name: str) -> str:
    """The same under another name, with what searches weigh in the project."""
    return (
        function.replace(name, new_name)
        .replace(COLUMNS, f"{COLUMNS}, decays boolean, has_feedback boolean")
        .replace(VALUES, f"{VALUES}, project.settings @> '{{\"decay\": true}}', project.has_feedback")
    )


CALLER_BY_DIGESTS = _with_weights(confined_keys.KEY_BY_DIGESTS, "key_by_digests", "caller_by_digests")
PLACE_OF = _with_weights(control_plane.ACCESS_OF, "access_of", "place_of")


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0006_deleted_organizations"),
    ]

    operations = [
        migrations.AddField(
            model_name="project",
            name="has_feedback",
            field=models.BooleanField(db_default=False, default=False),
        ),
        # Processes of the version before ask key_by_digests and access_of until they are stopped; of the one before
        # that, none is left.
        migrations.RunSQL(sql="DROP FUNCTION key_by_digest(bytea[])", reverse_sql=control_plane.KEY_BY_DIGEST),
        control_plane.before_tenant(CALLER_BY_DIGESTS, "caller_by_digests(bytea[])"),
        control_plane.before_tenant(PLACE_OF, "place_of(uuid, text, text)"),
    ]
