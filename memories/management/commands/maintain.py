"""`manage.py maintain`: keeps the indexes of large projects."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from memories.maintenance import maintain


class Command(BaseCommand):
    """Builds, repairs and drops the search indexes of projects with more than `EXACT_LIMIT` memories, and counts terms.

    Run it every hour; it needs `DATABASE_OWNER_URL`. Two at once do nothing twice. Until a project has its indexes, its
    searches read every memory, and `/readyz` names it.
    """

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Takes `--dry-run`."""
        parser.add_argument("--dry-run", action="store_true", help="tell what would be done")

    def handle(self, *args: Any, **options: Any) -> None:
        """Maintains, and says what it does."""
        if not maintain(self.stdout.write, dry_run=options["dry_run"]):
            raise CommandError("Not everything was done; the next run tries it again.")
