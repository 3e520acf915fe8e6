"""Plans of the tests' own: only the owner of the schema makes plans."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from billing.models import Plan
from billing.queries import plans
from billing.services import assign_plan
from tests.conftest import Person, Services
from tests.tenancy.rows import connect, superuser

INSERT = "INSERT INTO plan (id, name, rates) VALUES (%s, %s, %s::jsonb)"


@dataclass
class Plans:
    """Makes plans and gives them to people, and takes both away in the end."""

    services: Services
    made: list[uuid.UUID] = field(default_factory=list)

    def give(self, person: Person, rates: str) -> Plan:
        """Gives the person's organization a new plan with these rates, as JSON."""
        plan_id = uuid.uuid4()
        with connect(self.services, "loci_owner") as owner:
            owner.execute(INSERT, [plan_id, f"plan {plan_id}", rates])
        self.made.append(plan_id)
        plan = plans().get(id=plan_id)
        assert person.tenant.org_id
        assign_plan(person.tenant.org_id, plan)
        return plan

    def remove(self) -> None:
        with superuser(self.services) as admin:
            admin.execute("DELETE FROM plan_assignment WHERE plan_id = ANY(%s)", [self.made])
            admin.execute("DELETE FROM plan WHERE id = ANY(%s)", [self.made])


Limit = Callable[[Person, str], Plan]


@pytest.fixture
def limit(services: Services, database: None) -> Iterator[Limit]:
    """Gives a person's organization a plan with these rates, as JSON."""
    made = Plans(services)
    yield made.give
    made.remove()
