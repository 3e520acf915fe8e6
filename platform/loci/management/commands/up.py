"""`manage.py up`: Loci with its own Postgres and Valkey, in the foreground (`make up`)."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from loci.local.__main__ import main


class Command(BaseCommand):
    """Runs until Ctrl-C or SIGTERM. What stops a start is one sentence on stderr, and exit code 1."""

    help = __doc__
    requires_system_checks = []  # The checks need the database that this command starts.

    def handle(self, *args: Any, **options: Any) -> None:
        """Starts everything and stays."""
        sys.exit(main())
