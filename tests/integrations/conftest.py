"""Third-party integrations against a running server. At the end of a run a table says what each of them did."""

from collections.abc import Collection, Iterator

import pytest

from tests.clients.server import Server, running_server
from tests.integrations.driver import Integrations, Run

INTEGRATIONS = pytest.StashKey[Integrations]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[INTEGRATIONS] = Integrations()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    stats = terminalreporter.stats
    failed = {report.nodeid for report in stats.get("failed", []) + stats.get("error", [])}
    terminalreporter.section("third-party integrations")
    for run in sorted(config.stash[INTEGRATIONS].runs, key=lambda run: run.name):
        for line in _lines(run, failed):
            terminalreporter.write_line(line)


def _lines(run: Run, failed: Collection[str]) -> Iterator[str]:
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    yield f"{versions or run.name} ({run.seconds:.1f} s)"
    if run.test in failed:
        yield f"    FAIL        {run.test}"
        return
    yield f"    pass        {', '.join(step for step in run.steps if step not in run.failures)}"
    for step, why in run.failures.items():
        yield f"    cannot run  {step}: {why}"


@pytest.fixture(scope="session")
def integrations(pytestconfig: pytest.Config) -> Integrations:
    return pytestconfig.stash[INTEGRATIONS]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A fresh server with the bundled extractor and embedder."""
    with running_server() as server:
        yield server
