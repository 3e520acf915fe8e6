"""Plans, and the operator's command for them."""

from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.queries import plan_of, plans, rates_of
from tests.conftest import Person, Services
from tests.tenancy.rows import connect

FREE = "free: add 1000/minute, other 1200/minute, search 600/minute"
SELF_HOSTED = "self-hosted: no limits"


def plan_command(*arguments: str) -> list[str]:
    output = StringIO()
    call_command("plan", *arguments, stdout=output)
    return output.getvalue().splitlines()


def test_an_organization_has_the_self_hosted_plan_without_limits(alice: Person) -> None:
    assert alice.tenant.org_id
    assert plan_of(alice.tenant.org_id).name == "self-hosted"
    assert rates_of(alice.tenant.org_id) == {}


def test_the_command_lists_the_shipped_plans(database: None) -> None:
    assert plan_command() == [FREE, SELF_HOSTED]


def test_the_command_shows_and_sets_the_plan_of_one_organization(alice: Person, bob: Person) -> None:
    assert plan_command(alice.org_id) == [SELF_HOSTED]
    assert plan_command(alice.org_id, "free")[-1] == FREE
    assert plan_command(alice.org_id) == [FREE]
    assert plan_command(bob.org_id) == [SELF_HOSTED]
    plan_command(alice.org_id, "self-hosted")
    assert plan_command(alice.org_id) == [SELF_HOSTED]


def test_the_command_names_what_does_not_exist(alice: Person) -> None:
    with pytest.raises(CommandError, match=r"^There is no organization org_nobody\.$"):
        plan_command("org_nobody", "free")
    with pytest.raises(CommandError, match=r"^There is no plan gold\. The plans are: free, self-hosted\.$"):
        plan_command(alice.org_id, "gold")
    assert plan_command(alice.org_id) == [SELF_HOSTED]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO plan (id, name, rates) VALUES (gen_random_uuid(), 'mine', '{}')",
        "UPDATE plan SET rates = '{}'",
        "DELETE FROM plan",
    ],
)
def test_the_app_cannot_change_what_a_plan_allows(database: None, services: Services, statement: str) -> None:
    with connect(services, "loci_app") as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(statement)
    assert [plan.name for plan in plans()] == ["free", "self-hosted"]


def test_rates_are_looked_up_once_for_many_requests(alice: Person) -> None:
    assert alice.tenant.org_id
    rates_of(alice.tenant.org_id)
    with CaptureQueriesContext(connection) as queries:
        rates_of(alice.tenant.org_id)
    assert len(queries) == 0
