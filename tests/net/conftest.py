from collections.abc import Iterator

import dns.resolver
import pytest

from tests.fakes.dns import FakeDns


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDns]:
    """The only name server that this process knows."""
    with FakeDns() as server:
        monkeypatch.setattr(dns.resolver, "default_resolver", server.resolver())
        yield server
