"""Plans, and the ledger of usage (reliability.md §2.8, §2.15)."""

from django.db import models
from django.utils import timezone

from loci.tenancy.models import ProjectTable, new_id
from orgs.models import Organization, OrgRow

SELF_HOSTED = "self-hosted"
"""The plan of an organization that has no other: without limits."""


class Plan(models.Model):
    """What an organization may use. Only migrations change plans.

    `rates` says how often one API key may call: `{"add": "1000/minute", "search": …, "other": …}`. A rate that is not
    there has no limit. `{"tokens": "1000000/day"}` says what all of the organization may spend on language models.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=64, unique=True)
    rates = models.JSONField(default=dict)

    class Meta:
        db_table = "plan"

    def __str__(self) -> str:
        return self.name


class PlanAssignment(OrgRow):
    """The plan that an organization has."""

    org = models.OneToOneField(Organization, on_delete=models.CASCADE, related_name="plan_assignment")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "plan_assignment"

    def __str__(self) -> str:
        return f"{self.org_id}: {self.plan_id}"


class TokenBudget(OrgRow):
    """The tokens of language models that an organization has used on one day, its last, and has set aside on it."""

    org = models.OneToOneField(Organization, on_delete=models.CASCADE, related_name="token_budget")
    day = models.DateField()
    used = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    reserved_at = models.DateTimeField(null=True)
    """When tokens were last set aside."""

    class Meta:
        db_table = "token_budget"

    def __str__(self) -> str:
        return f"{self.org_id}: {self.used} on {self.day}"


class UsageEntry(ProjectTable):
    """Units of one meter, written in the commit that did the work. Rows are only ever added."""

    meter = models.CharField(max_length=32)
    source = models.UUIDField()
    quantity = models.PositiveIntegerField()
    occurred_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "usage_entry"
        constraints = [models.UniqueConstraint(fields=["project", "meter", "source"], name="usage_entry_once")]

    def __str__(self) -> str:
        return f"{self.quantity} {self.meter}"
