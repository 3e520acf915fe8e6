"""The world of the tests of isolation."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from orgs.accounts import rates
from orgs.models import User
from tests.conftest import Person, Services
from tests.orgs.support import with_organization_key
from tests.tenancy.rows import superuser
from tests.tenancy.world import SECRET, World, ids_of


@pytest.fixture(autouse=True)
def _no_rate_of_invitations(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests invite the same people again and again."""
    for action in ("invite", "invited"):
        monkeypatch.setitem(rates.RATES, action, "100000/d/key")


@pytest.fixture
def world(alice: Person, bob: Person, services: Services, settings: Any, tmp_path: Path) -> Iterator[World]:
    """Alice with a memory that nobody else may see, and Bob."""
    settings.DNS_FILE = str(tmp_path / "dns")
    records = [f'_loci.{person.tenant.org_id}.example "loci-domain-verification=token"' for person in (alice, bob)]
    Path(settings.DNS_FILE).write_text("\n".join(records))
    with superuser(services) as admin:
        sessions = {person.email: _session_of(person) for person in (alice, bob)}
        organization_keys = {person.email: with_organization_key(person).client for person in (alice, bob)}
        yield World(alice, bob, ids_of(alice, "alice", SECRET), admin, sessions, organization_keys)


def _session_of(person: Person) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(email=person.email))
    return client
