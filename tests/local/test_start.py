"""`make up` as a person meets it: the whole program, in a process of its own."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psutil
import pytest

from loci.env import ROOT
from loci.local import stores
from loci.local.processes import MARK
from loci.local.programs import end, free_port, is_alive, marked, wait_for, working_in

STORE_URLS = {*stores.ROLES, "REDIS_URL"}


class Start:
    """One home and port, and the supervisor that runs there, if any."""

    def __init__(self, home: Path, log: Path) -> None:
        self.home = home
        self.port = free_port()
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def environment(self, **settings: str) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name not in STORE_URLS}
        own = {"LOCI_HOME": str(self.home), "LOCI_PORT": str(self.port), "PYTHONPATH": str(ROOT / "platform")}
        return {**inherited, **own, **settings}

    def fail(self, **settings: str) -> str:
        """Starts, expects it to give up, and returns what it said on stderr."""
        command = [sys.executable, "-m", "loci.local"]
        environment = self.environment(**settings)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 1
        return done.stderr

    def up(self) -> str:
        """Starts, waits for the friendly block and returns what was printed up to its end."""
        position = self._log.stat().st_size
        command = [sys.executable, "-m", "loci.local"]
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(command, env=self.environment(), stdout=output, stderr=output)
        assert wait_for(lambda: "Ctrl-C" in self.printed(position), 90), self.printed(position)
        return self.printed(position)

    def printed(self, position: int) -> str:
        return self._log.read_bytes()[position:].decode()

    def stop(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(timeout=60)

    def kill(self) -> None:
        """Kills the supervisor and whatever it started, all at once."""
        if self._process:
            self._process.kill()
            self._process.wait()
        end(self.processes(), signal.SIGKILL, grace_s=5)

    def processes(self) -> list[psutil.Process]:
        servers = working_in(self.home / "postgres", "postgres") + working_in(self.home / "valkey", "valkey-server")
        return servers + marked(MARK, str(self.home))

    def ready(self) -> int:
        return httpx2.get(f"http://127.0.0.1:{self.port}/readyz", timeout=10, trust_env=False).status_code


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    log = folder / "output"
    log.touch()
    made = Start(folder / "home", log)
    yield made
    made.kill()


@pytest.mark.timeout(240)
def test_it_starts_recovers_from_kill_9_of_everything_and_stops(start: Start) -> None:
    first = start.up()
    credentials = json.loads((start.home / "credentials.json").read_text())

    assert set(credentials) == {"host", "api_key", "org_id", "project_id", "email", "password"}
    assert stat.S_IMODE((start.home / "credentials.json").stat().st_mode) == 0o600
    assert credentials["api_key"] in first
    assert f"http://localhost:{start.port}/docs" in first
    assert "offline extractor" in first
    assert "\x1b[" not in first
    assert start.ready() == 200

    start.kill()
    second = start.up()

    assert start.ready() == 200
    assert json.loads((start.home / "credentials.json").read_text()) == credentials
    assert not [secret for secret in (credentials["api_key"], credentials["password"]) if secret in second]

    assert "already running" in start.fail()
    assert start.stop(signal.SIGTERM) == 0
    assert wait_for(lambda: not any(map(is_alive, start.processes())), 30)


def test_a_taken_port_gets_one_clear_sentence(start: Start) -> None:
    with socket.create_server(("127.0.0.1", start.port)):
        said = start.fail()

    assert re.fullmatch(rf"Port {start.port} of 127\.0\.0\.1 is taken: .* LOCI_PORT .*\n", said)


def test_a_port_that_is_no_number_gets_one_clear_sentence(start: Start) -> None:
    assert start.fail(LOCI_PORT="http") == "LOCI_PORT must be a whole number, not 'http'.\n"


def test_a_missing_database_url_gets_one_clear_sentence(start: Start) -> None:
    said = start.fail(
        DATABASE_URL="postgresql://a@db.example/loci", DATABASE_OWNER_URL="postgresql://b@db.example/loci"
    )

    assert re.fullmatch(r"DATABASE_SYSTEM_URL must be set too: .*\n", said)
