"""`manage.py verify_audit`: checks that nothing in the audit logs was changed, left out or put between."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orgs.audit import Chain
from orgs.audit_queries import entries_in_order, last_number
from orgs.models import Organization


class Command(BaseCommand):
    """Checks the chain of each organization, or of those that are named, and shows its head.

    What was cut off at the end leaves no trace in the chain itself: compare the heads with those of an earlier export.
    """

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Takes organizations' public ids; none means all."""
        parser.add_argument("organizations", nargs="*", help="org_…; without one, all organizations are checked")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises `CommandError`, which ends the process with 1, where a chain is broken or an id is unknown."""
        chains = [self._check(organization) for organization in _organizations(options["organizations"])]
        if broken := chains.count(False):
            raise CommandError(f"Broken: {broken} of {len(chains)}.")

    def _check(self, organization: Organization) -> bool:
        chain, is_whole = Chain(), True
        for part in entries_in_order(organization.id, until=last_number(organization.id)):
            for wrong in (wrong for entry in part for wrong in chain.follow(entry)):
                self.stderr.write(f"{organization.public_id}: {wrong}")
                is_whole = False
        self.stdout.write(f"{organization.public_id}: {chain.number} entries, head {chain.hash or 'none'}")
        return is_whole


def _organizations(public_ids: list[str]) -> list[Organization]:
    """Asked as the owner of the schema: the app's own role sees no organization before it knows which one."""
    every = Organization._base_manager.using("owner").order_by("created_at", "id")
    found = list(every.filter(public_id__in=public_ids) if public_ids else every)
    if unknown := sorted(set(public_ids) - {organization.public_id for organization in found}):
        raise CommandError(f"There is no organization {unknown[0]}.")
    return found
