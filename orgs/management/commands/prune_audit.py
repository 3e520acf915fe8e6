"""`manage.py prune_audit`: deletes the entries of the audit logs that are older than `LOCI_AUDIT_DAYS`."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from orgs.management.named import named_organizations, take_organizations
from orgs.services.audit_pruning import prune


class Command(BaseCommand):
    """Prunes the log of each organization, or of those that are named. What is left can be verified as before.

    The application's role can delete no entry: this needs `DATABASE_OWNER_URL`.
    """

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Takes organizations."""
        take_organizations(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Prunes, and says how many entries went."""
        if settings.AUDIT_DAYS < 1:
            raise CommandError("LOCI_AUDIT_DAYS must be 1 at least.")
        before = timezone.now() - timedelta(days=settings.AUDIT_DAYS)
        for organization in named_organizations(options["organizations"]):
            if pruned := prune(organization, before):
                self.stdout.write(f"{organization.public_id}: {pruned} entries pruned")
