"""`manage.py prepare`: everything that must be done to the database before a start, in one process."""

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Provisions (where it is given an administrator's URL), migrates and bootstraps; run again, it changes nothing."""

    help = __doc__
    requires_system_checks = ["models", "security"]

    def add_arguments(self, parser: CommandParser) -> None:
        """Takes what `provision` and `bootstrap` take."""
        parser.add_argument("--admin-url", default="")
        parser.add_argument("--credentials", type=Path, required=True)
        parser.add_argument("--host", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepares."""
        if options["admin_url"]:
            call_command("provision", admin_url=options["admin_url"], stdout=self.stdout)
        call_command("migrate", verbosity=0)
        call_command("bootstrap", credentials=options["credentials"], host=options["host"])
