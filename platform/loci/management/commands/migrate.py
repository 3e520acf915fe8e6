"""`manage.py migrate`: Django's own, run as the owner of the schema."""

from django.core.management.base import CommandParser
from django.core.management.commands import migrate


class Command(migrate.Command):
    """Migrates through DATABASE_OWNER_URL: the app's role may not change the schema."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Makes the owner's connection the default one."""
        super().add_arguments(parser)
        parser.set_defaults(database="owner")
