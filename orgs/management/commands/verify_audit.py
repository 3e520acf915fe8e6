"""`manage.py verify_audit`: checks that nothing in the audit logs was changed, left out or put between."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orgs.audit import Chain
from orgs.audit_queries import anchors_of, entries_in_order, last_number
from orgs.management.named import named_organizations, take_organizations
from orgs.models import Organization

Heads = dict[str, dict[int, str]]


class Command(BaseCommand):
    """Checks the chain of each organization, or of those that are named, and shows its head.

    What was cut off at the end, or made anew as a whole, leaves no trace in the chain itself, but in `--heads`: what
    `audit_heads` printed, kept where whoever rules the database does not reach it.
    """

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Takes organizations, and the file of the heads."""
        take_organizations(parser)
        parser.add_argument("--heads", type=Path, help="lines of audit_heads that must still be true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises `CommandError`, which ends the process with 1, where a chain is broken or an id is unknown."""
        kept = _read_heads(options["heads"]) if options["heads"] else {}
        organizations = named_organizations(options["organizations"])
        chains = [self._check(organization, kept.get(organization.public_id, {})) for organization in organizations]
        if broken := chains.count(False):
            raise CommandError(f"Broken: {broken} of {len(chains)}.")

    def _check(self, organization: Organization, kept: dict[int, str]) -> bool:
        chain, wrong = Chain(anchors=anchors_of(organization.id), kept=kept), []
        for part in entries_in_order(organization.id, until=last_number(organization.id)):
            wrong += [sentence for entry in part for sentence in chain.follow(entry)]
        wrong += chain.end()
        for sentence in wrong:
            self.stderr.write(f"{organization.public_id}: {sentence}")
        pruned = f" after {chain.pruned} pruned ones" if chain.pruned else ""
        entries = chain.number - chain.pruned
        self.stdout.write(f"{organization.public_id}: {entries} entries{pruned}, head {chain.hash or 'none'}")
        return not wrong


def _read_heads(path: Path) -> Heads:
    heads: Heads = defaultdict(dict)
    try:
        for line in path.read_text().splitlines():
            head = json.loads(line)
            heads[head["org_id"]][int(head["number"])] = head["hash"]
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise CommandError(f"{path} has no heads as audit_heads prints them: {error}") from error
    return heads
