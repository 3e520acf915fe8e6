from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.fakes.receiver import Receiver
from tests.memories.conftest import llm
from tests.net.conftest import name_server

__all__ = ["llm", "name_server", "receiver"]


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A receiver that the operator allows."""
    with Receiver() as running:
        settings.ALLOWED_PRIVATE_HOSTS = [running.host]
        yield running
