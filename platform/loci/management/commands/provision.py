"""`manage.py provision`: an administrator makes roles, database and extensions, once."""

from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser

from loci.tenancy.provision import provision


class Command(BaseCommand):
    """Prepares a Postgres server for Loci; run again, it changes nothing but the roles' passwords."""

    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Takes the administrator's URL."""
        parser.add_argument(
            "--admin-url", required=True, help="postgresql://… of a role that may create roles and databases"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Provisions, or says in one sentence why it cannot."""
        try:
            provision(options["admin_url"])
        except psycopg.Error as error:
            raise CommandError(f"Postgres refused: {str(error).strip()}") from error
        self.stdout.write("The database is provisioned.")
