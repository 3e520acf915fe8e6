"""`manage.py audit_heads`: the heads of the audit logs at the end of a day, to be kept outside of the database."""

import json
import logging
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from orgs.audit_queries import head_before
from orgs.management.named import named_organizations, take_organizations

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Prints a line of JSON for each organization that has a log, and logs the same: run it once a day.

    `manage.py verify_audit --heads` finds whatever was cut off or made anew since.
    """

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Takes organizations, and the day."""
        take_organizations(parser)
        parser.add_argument(
            "--day", type=date.fromisoformat, help="YYYY-MM-DD in UTC; yesterday, the last one that is over, without it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints the heads."""
        day = options["day"] or timezone.now().astimezone(UTC).date() - timedelta(days=1)
        end = datetime.combine(day + timedelta(days=1), time(), UTC)
        for organization in named_organizations(options["organizations"]):
            if head := head_before(organization.id, end):
                line = {"day": str(day), "org_id": organization.public_id, "number": head.number, "hash": head.hash}
                self.stdout.write(json.dumps(line))
                logger.info("audit.head of %(org_id)s on %(day)s: entry %(number)d has %(hash)s", line)
