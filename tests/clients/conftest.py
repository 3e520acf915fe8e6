"""The official clients against a running server. At the end of a run a table says which methods were called."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from uuid import uuid4

import pytest

from tests.clients.driver import Client, connected
from tests.clients.matrix import Matrix
from tests.clients.releases import RELEASES, Release
from tests.clients.server import Server, running_server
from tests.clients.steps import CITY, DOG, FOOD, remember

MATRIX = pytest.StashKey[Matrix]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-method", action="store_true", help="fail if a client has a method without a test")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[MATRIX] = Matrix()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("every_method") and any(session.config.stash[MATRIX].problems()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    stats = terminalreporter.stats
    failed = {report.nodeid for report in stats.get("failed", []) + stats.get("error", [])}
    matrix = config.stash[MATRIX]
    terminalreporter.section("methods of the official clients")
    for line in matrix.lines(failed):
        terminalreporter.write_line(line)
    if config.getoption("every_method"):
        for problem in matrix.problems():
            terminalreporter.write_line(problem, red=True)


@pytest.fixture(scope="session")
def matrix(pytestconfig: pytest.Config) -> Matrix:
    return pytestconfig.stash[MATRIX]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A fresh server with the bundled extractor and embedder."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def clients(server: Server, matrix: Matrix) -> Iterator[Callable[[Release], Client]]:
    """Connects each release once, when a test first wants it, with the key of the server's first project."""
    with ExitStack() as open_clients:
        yield cache(lambda release: open_clients.enter_context(connected(release, server, matrix)))


@pytest.fixture(params=RELEASES, ids=str)
def client(request: pytest.FixtureRequest, clients: Callable[[Release], Client]) -> Client:
    """Each of the official clients in turn."""
    return clients(request.param)


@pytest.fixture
def user() -> str:
    """A user of whom nothing is known yet."""
    return f"user {uuid4()}"


@pytest.fixture(scope="module")
def remembered_by() -> Callable[[Client], str]:
    """Remembers three things of a user, from the oldest to the newest; once for each client, as tests only read."""

    def remember_three(client: Client) -> str:
        user = f"user {uuid4()}"
        remember(client, user, CITY, metadata={"about": "place"})
        remember(client, user, FOOD, metadata={"about": "food"})
        remember(client, user, DOG, agent_id="vet")
        return user

    return cache(remember_three)


@pytest.fixture
def remembered(client: Client, remembered_by: Callable[[Client], str]) -> str:
    """A user of whom three things are known."""
    return remembered_by(client)
