"""Changes of plans and of the ledger."""

from collections.abc import Sequence
from uuid import UUID

from billing.models import Plan, PlanAssignment, UsageEntry
from loci.models import RequestLog
from loci.tenancy.context import org_tx
from loci.tenancy.models import new_id
from orgs import audit
from workers.outcomes import Outcome


def assign_plan(org_id: UUID, plan: Plan) -> None:
    """Gives the organization this plan, in place of the one that it has."""
    with org_tx(org_id):
        PlanAssignment.objects.update_or_create(org_id=org_id, defaults={"plan": plan})
        audit.record(audit.SYSTEM, "plan.assign", "plan", plan.name)


def record_usage(outcome: Outcome) -> None:
    """Adds the outcome to the ledger of the current project, inside the commit that it came from."""
    UsageEntry.objects.create(meter=outcome.meter, source=outcome.source, quantity=outcome.quantity)


def record_tokens(tokens_in: int, tokens_out: int) -> None:
    """Adds what one answer of a language model cost to the ledger of the current project."""
    source = new_id()
    spent = {"tokens_in": tokens_in, "tokens_out": tokens_out}
    UsageEntry.objects.bulk_create(
        UsageEntry(meter=meter, source=source, quantity=quantity) for meter, quantity in spent.items() if quantity
    )


def count_searches(requests: Sequence[RequestLog]) -> None:
    """Adds one unit of "search" for every search that was answered, inside the commit that logs it."""
    UsageEntry.objects.bulk_create(
        UsageEntry(meter="search", source=request.id, quantity=1)
        for request in requests
        if request.operation == "SEARCH" and request.status == 200
    )
