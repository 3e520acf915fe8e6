"""Deliveries by real processes to a receiver that is one too."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from loci.env import ROOT
from loci.local.processes import services
from loci.local.programs import Program, free_port, wait_for
from tests.conftest import Services
from tests.faults.processes import Processes, environment
from webhooks.signing_secrets import Secret, new_secret

START_S = 120.0
NO_MODEL = "http://127.0.0.1:1"


@dataclass(frozen=True)
class Line:
    """A message as the receiver wrote it down."""

    path: str
    id: str
    at: float
    is_signed: bool
    status: int


@dataclass(frozen=True)
class Receiving:
    """A receiver that may be stopped and started. All that it got is in its file."""

    process: Processes
    url: str
    secret: Secret
    file: Path

    def lines(self) -> list[Line]:
        """Returns what arrived so far, in its order."""
        found: list[Line] = []
        for text in self.file.read_text().splitlines() if self.file.exists() else ():
            with suppress(ValueError):  # Cut off by a kill, before anything was answered.
                found.append(Line(**json.loads(text)))
        return found

    def ids(self, path: str = "") -> set[str]:
        """Returns whose messages arrived below `path`."""
        return {line.id for line in self.lines() if line.path.startswith(path)}


@contextmanager
def delivering(
    made: Services, folder: Path, settings: Mapping[str, str], *, fail_rate: float = 0
) -> Iterator[tuple[Processes, Receiving]]:
    """Runs a worker of webhooks, a dispatcher and a receiver, which answers so many messages with an error."""
    port, secret, file = free_port(), new_secret(), folder / "received"
    here = {"LOCI_ALLOWED_PRIVATE_HOSTS": f"127.0.0.1:{port}", **settings}
    env = environment(made.environment(), NO_MODEL, folder) | here
    workers = Processes(
        [each for each in services("127.0.0.1", 0, env) if each.name in {"webhooks", "dispatcher"}], folder
    )
    options = ["--port", str(port), "--file", str(file), "--secret", secret.text, "--fail-rate", str(fail_rate)]
    program = Program("receiver", [sys.executable, "-m", "tests.fakes.receiver", *options], env, cwd=ROOT)
    receiving = Receiving(Processes([program], folder), f"http://127.0.0.1:{port}", secret, file)
    try:
        workers.start()
        receiving.process.start()
        yield workers, receiving
    finally:
        workers.stop()
        receiving.process.stop()


def await_first(receiving: Receiving) -> None:
    """Waits until the processes have started: something has arrived."""
    assert wait_for(lambda: bool(receiving.lines()), START_S), "Nothing was delivered."
