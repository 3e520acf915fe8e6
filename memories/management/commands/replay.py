"""`manage.py replay proj_… --since 2026-03-01`: an operator has adds tried again that failed."""

from datetime import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loci.errors import DomainError
from loci.tenancy.context import tenant_tx
from memories.retrieval.filters.request import read_moment
from memories.services.replaying import failed_adds, replay
from orgs import audit
from orgs.management.named import named_project


class Command(BaseCommand):
    """Gives adds that were given up since then back to the workers, under the events that they have; shows how many.

    What they say is believed as of when it was said: later adds stay the newer ones.
    """

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Takes the project's public id, and a time."""
        parser.add_argument("project", help="proj_…, as in credentials.json or the answer of /v1/ping/")
        parser.add_argument("--since", required=True, help="the day or moment since which they failed")
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replays or counts, or says in one sentence why not."""
        tenant = named_project(options["project"])
        try:
            since = read_moment("since", options["since"], time.min)
        except DomainError as error:
            raise CommandError(str(error)) from error
        with tenant_tx(tenant):
            count = failed_adds(since).count() if options["dry_run"] else len(replay(since))
            if count and not options["dry_run"]:
                audit.record(audit.SYSTEM, "memory.replay", "project", options["project"], count=count)
        self.stdout.write(f"adds  {count}")
