"""The world of the tests of isolation."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from orgs.accounts import rates
from tests.conftest import SetUp
from tests.tenancy.world import World, in_its_place, new_world


@pytest.fixture(autouse=True)
def _no_rate_of_invitations(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests invite the same people again and again."""
    for action in ("invite", "invited"):
        monkeypatch.setitem(rates.RATES, action, "100000/d/key")


@pytest.fixture
def world(set_up: SetUp, admin: psycopg.Connection, settings: Any, tmp_path: Path) -> World:
    """Alice with a memory that nobody else may see, and Bob."""
    return in_its_place(set_up("world", lambda: new_world(admin)), settings, tmp_path)
