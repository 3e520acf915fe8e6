"""Changes of the ledger."""

from billing.models import UsageEntry
from workers.outcomes import Outcome


def record_usage(outcome: Outcome) -> None:
    """Adds the outcome to the ledger of the current project, inside the commit that it came from."""
    UsageEntry.objects.create(meter=outcome.meter, source=outcome.source, quantity=outcome.quantity)
