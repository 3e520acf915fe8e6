"""Two tenants, and a queue in which nothing rings yet."""

import math
from collections.abc import Iterator

import pytest

from loci.tenancy.context import Tenant
from tests.conftest import Person, Services
from tests.workers.support import silence
from workers import doorbell


@pytest.fixture
def tenant(alice: Person) -> Tenant:
    """Alice's project, as workers know it."""
    return Tenant(alice.tenant.project_id)


@pytest.fixture
def other(bob: Person) -> Tenant:
    """Bob's project."""
    return Tenant(bob.tenant.project_id)


@pytest.fixture(autouse=True)
def quiet(django_db_setup: None, services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lets no ring pass from one test to another, nor the memory of one that went unheard on a busy machine."""
    monkeypatch.setattr(doorbell, "PATIENCE_S", 10)
    monkeypatch.setattr(doorbell, "_unheard_at", -math.inf)
    silence(services)
    yield
    silence(services)
