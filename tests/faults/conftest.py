"""How much the fault tests do."""

import os

import pytest


@pytest.fixture(scope="session")
def adds() -> int:
    """The number of adds of the chaos run (`CHAOS_ADDS`); at full size it takes three minutes, and more to drain."""
    return int(os.environ.get("CHAOS_ADDS", "1000"))
