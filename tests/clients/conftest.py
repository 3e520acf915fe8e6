"""The official clients against a running server. At the end of a run a table says which methods were called."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.clients.driver import COMMANDS, Client, connected
from tests.clients.matrix import Matrix
from tests.clients.server import Server, running_server

MATRIX = pytest.StashKey[Matrix]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[MATRIX] = Matrix()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    stats = terminalreporter.stats
    failed = {report.nodeid for report in stats.get("failed", []) + stats.get("error", [])}
    terminalreporter.section("methods of the official clients")
    for line in config.stash[MATRIX].lines(failed):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def matrix(pytestconfig: pytest.Config) -> Matrix:
    return pytestconfig.stash[MATRIX]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A fresh server with the bundled extractor and embedder."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session", params=COMMANDS)
def client(request: pytest.FixtureRequest, server: Server, matrix: Matrix) -> Iterator[Client]:
    """Each of the official clients in turn, with the key of the server's first project."""
    with connected(request.param, server, matrix) as client:
        yield client


@pytest.fixture
def user() -> str:
    """A user of whom nothing is known yet."""
    return f"user {uuid4()}"
