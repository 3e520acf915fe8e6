"""Reads of plans."""

from typing import cast
from uuid import UUID

from django.core.cache import caches
from django.db.models import QuerySet

from billing.models import SELF_HOSTED, Plan, PlanAssignment
from loci.tenancy.context import org_tx

RATES_KEPT_S = 10


def rates_of(org_id: UUID) -> dict[str, str]:
    """Returns the rates of the organization's plan by name: `{"add": "1000/minute"}`; what is not there has no limit.

    Each process asks the database at most every 10 seconds, so a new plan holds after that time.
    """
    kept = caches["process"].get_or_set(f"rates:{org_id}", lambda: plan_of(org_id).rates, RATES_KEPT_S)
    return cast("dict[str, str]", kept)


def plan_of(org_id: UUID) -> Plan:
    """Returns the organization's plan: the self-hosted one unless another was assigned."""
    with org_tx(org_id):
        assigned = PlanAssignment.objects.select_related("plan").first()
        return assigned.plan if assigned else Plan.objects.get(name=SELF_HOSTED)


def plans() -> QuerySet[Plan]:
    """Returns all plans by name."""
    return Plan.objects.order_by("name")
