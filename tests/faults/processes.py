"""Loci's processes for fault injection: started as `make up` starts them, killed without warning, started again."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from loci.env import ROOT
from loci.local.processes import services
from loci.local.programs import Program, free_port, launch, signal_group, wait_for

START_S = 120.0
BUDGET_S = 4
"""Seconds that a job may spend on the model; a lease is 12 s then, and a killed worker's job is soon taken up."""


def environment(stores: Mapping[str, str], llm_url: str, home: Path) -> dict[str, str]:
    """Returns the environment of all processes: these stores, the fake model at `llm_url`, short waits, no secrets."""
    return {
        **stores,
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")]),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore:You're running the worker",
        "DJANGO_SETTINGS_MODULE": "loci.settings",
        "LOCI_HOME": str(home),
        "LLM_PROVIDER": "openai",
        "LLM_BASE_URL": llm_url,
        "LLM_API_KEY": "fake",
        "LLM_MODEL": "fake",
        "LLM_BUDGET_S": str(BUDGET_S),
        "EMBEDDING_PROVIDER": "openai_compatible",
        "EMBEDDING_BASE_URL": llm_url,
        "EMBEDDING_API_KEY": "fake",
        "EMBEDDING_MODEL": "fake-embedding",
        "EMBEDDING_BUDGET_S": "1",
        "RERING_AFTER_S": "3",
        "WORKER_GRACE_S": "3",
    }


class Processes:
    """Running `programs`, by name. Each writes to a file of its own in `folder`."""

    def __init__(self, programs: Iterable[Program], folder: Path) -> None:
        self._folder = folder
        self._programs = {program.name: program for program in programs}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Starts all of them."""
        for name in self._programs:
            self._start(name)

    def kill(self, name: str) -> None:
        """Kills the process group of `name` without warning, and starts it again."""
        self._end(name)
        self._start(name)

    def stop(self) -> None:
        """Kills all of them."""
        for name in list(self._running):
            self._end(name)

    def pid(self, name: str) -> int:
        """Returns the id of the process that leads `name`."""
        return self._running[name].pid

    def _start(self, name: str) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = launch(self._programs[name], log)

    def _end(self, name: str) -> None:
        process = self._running.pop(name)
        signal_group(process, signal.SIGKILL)
        process.wait()


@dataclass(frozen=True)
class Loci:
    """Running web, workers and dispatcher; `url` is that of the API."""

    processes: Processes
    url: str


@contextmanager
def running(env: Mapping[str, str], folder: Path) -> Iterator[Loci]:
    """Runs Loci's processes until the end of the block, which begins when the API is ready."""
    port = free_port()
    loci = Loci(Processes(services("127.0.0.1", port, env), folder), f"http://127.0.0.1:{port}")
    try:
        loci.processes.start()
        await_ready(loci.url)
        yield loci
    finally:
        loci.processes.stop()


def await_ready(url: str) -> None:
    """Waits until the API at `url` is ready; raises `AssertionError` if it does not get there."""
    assert wait_for(lambda: _is_ready(url), START_S), "The API did not get ready."


def _is_ready(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/readyz", timeout=2).is_success
    except httpx2.TransportError:
        return False


@contextmanager
def fake_llm(*options: str) -> Iterator[str]:
    """Runs the fake model as a process with these options, and gives its base URL."""
    with first_line_of("tests.fakes.llm", *options) as url:
        yield url


@contextmanager
def first_line_of(module: str, *options: str) -> Iterator[str]:
    """Runs a module as a process, and gives the first line that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *options],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()
