"""`manage.py plan`: the plans there are, and the one that an organization has."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.models import Plan
from billing.queries import RATES_KEPT_S, plan_of, plans
from billing.services import assign_plan
from orgs.queries import organization_id


class Command(BaseCommand):
    """Lists the plans; for an organization, shows its plan or gives it another."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Takes an organization's public id and a plan's name, both optional."""
        parser.add_argument("organization", nargs="?", help="its id, org_…; without it, all plans are listed")
        parser.add_argument("plan", nargs="?", help="the plan that it gets; without it, its plan is shown")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises `CommandError` for an organization or a plan that does not exist."""
        organization, plan = options["organization"], options["plan"]
        if organization is None:
            for each in plans():
                self.stdout.write(_described(each))
            return
        org_id = _organization(organization)
        if plan is not None:
            assign_plan(org_id, _plan(plan))
            self.stdout.write(f"{organization} has a new plan; running servers know it within {RATES_KEPT_S} seconds.")
        self.stdout.write(_described(plan_of(org_id)))


def _organization(public_id: str) -> UUID:
    org_id = organization_id(public_id)
    if org_id is None:
        raise CommandError(f"There is no organization {public_id}.")
    return org_id


def _plan(name: str) -> Plan:
    known = {plan.name: plan for plan in plans()}
    if name not in known:
        raise CommandError(f"There is no plan {name}. The plans are: {', '.join(known)}.")
    return known[name]


def _described(plan: Plan) -> str:
    rates: Mapping[str, str] = plan.rates
    limits = ", ".join(f"{name} {rate}" for name, rate in sorted(rates.items()))
    return f"{plan.name}: {limits or 'no limits'}"
